/** The truth at one moment: what the engine's worker would use, and which values are accepted. */
interface Sample {
  readonly at: number;
  readonly held: string | null;
  readonly working: readonly string[];
}

export interface Timeline {
  /** Whether `so` was true at some moment around `at`, as far as the samples tell. */
  during(at: number, so: (sample: Sample) => boolean): boolean;
  /** Real milliseconds in which the engine held nothing that works, from the first such sample to the last. */
  outageMs(): number;
  /** Takes one more sample, for callers that know that something has just happened. */
  look(): void;
  stop(): void;
}

const everyMs = 25;
const windowMs = 2_000; // between what a check saw and its record, on a busy machine
const lagMs = 500; // between a change and the first sample that shows it, likewise

/** Samples the truth again and again, and keeps only changes. */
export function startTimeline(truth: { engineHolds(): string | null; working(): string[] }): Timeline {
  const samples: Sample[] = [];
  let outage: { from: number; to: number } | null = null;
  function look(): void {
    const [at, held, working] = [Date.now(), truth.engineHolds(), truth.working()];
    const last = samples.at(-1);
    if (!last || last.held !== held || last.working.join() !== working.join()) samples.push({ at, held, working });
    if (held === null || !working.includes(held)) outage = { from: outage?.from ?? at, to: at };
  }
  look();
  const timer = setInterval(look, everyMs);
  return {
    during: (at, so) =>
      samples.some((sample, index) => {
        const until = samples[index + 1]?.at ?? Number.POSITIVE_INFINITY;
        return sample.at <= at + lagMs && until >= at - windowMs && so(sample);
      }),
    look,
    outageMs: () => (outage ? outage.to - outage.from + everyMs : 0),
    stop() {
      look();
      clearInterval(timer);
    },
  };
}
