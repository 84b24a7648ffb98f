import type { Fixture } from '../crash-test/fixture.js';
import type { Timeline } from '../crash-test/timeline.js';
import type { Simulation } from './engine.js';

interface Sample {
  readonly at: number;
  readonly held: string | null;
  readonly working: readonly string[];
}

const windowMs = 2_000; // between what a check saw and its record, as in src/crash-test/timeline.ts
const lagMs = 500;

/** Looks at the truth after every event, so it misses no moment, and knows who changed what. */
export class Truth implements Timeline {
  readonly problems = new Set<string>();
  edited = false;
  /** Somebody else ended a value, and may have put another one in its place. */
  ended = false;
  /** Somebody else left the engine without a value. */
  darkByOthers = false;
  /** How often Keyturn left the engine without a working value. */
  outages = 0;
  readonly #sim: Simulation;
  readonly #fixture: Fixture;
  readonly #samples: Sample[] = [];
  readonly #emergencies = new Set<ReadonlySet<string>>();
  readonly #foreign: readonly string[];

  constructor(sim: Simulation, fixture: Fixture) {
    this.#sim = sim;
    this.#fixture = fixture;
    this.#foreign = livingForeign(fixture);
    this.look();
  }

  look(): void {
    const { scenario } = this.#fixture;
    const [held, working] = [scenario.engineHolds(), scenario.working()];
    const last = this.#samples.at(-1);
    if (last && isSame(last, { held, working })) return;
    this.#samples.push({ at: this.#sim.now, held, working });
    if (last) this.#judgeEnds(last.working.filter((value) => !working.includes(value)));
    this.#judgeChange(last, { held, working });
  }

  /**
   * A value may be ended by its own credential's rotation, by a person or by its provider, but by no other rotation.
   */
  #judgeEnds(gone: readonly string[]): void {
    const { credential } = this.#fixture.scenario;
    const causes = this.#sim.causes();
    if (gone.length === 0 || causes.length === 0 || causes.includes(credential)) return;
    for (const { value, label, foreign } of this.#fixture.issued())
      if (!foreign && gone.includes(value)) this.problems.add(`"${label}" was ended for ${causes.join(' or ')}`);
  }

  #judgeChange(last: Sample | undefined, now: Pick<Sample, 'held' | 'working'>): void {
    const living = livingForeign(this.#fixture);
    if (!this.#foreign.every((value) => living.includes(value))) this.problems.add("somebody else's value was deleted");
    const [dark, was] = [isDark(now), last !== undefined && isDark(last)];
    if (dark === was || this.#halfWritten()) return;
    this.#sim.note(dark ? 'the engine holds nothing that works' : 'the engine holds something that works');
    if (!dark || this.condemned.size > 0 || this.darkByOthers) return;
    this.outages++;
    this.problems.add('Keyturn left the engine without a working value');
  }

  /** Whether one value is being written in several writes. */
  #halfWritten(): boolean {
    return this.#fixture.scenario.gaps?.().some(({ to }) => to >= Math.floor(this.#sim.now)) ?? false;
  }

  /** Makes a change that is not Keyturn's doing. */
  byOthers(change: () => void, as: 'edited' | 'dies' | 'dark'): void {
    const before = [...this.problems];
    const { outages } = this;
    const was = this.#isDark();
    change();
    if (as === 'edited') this.edited = true;
    if (as === 'dies') this.ended = true;
    // a value that somebody puts back may be dead by then, and while a pair is half written an end takes the way back
    this.darkByOthers ||= as === 'dark' || (this.#isDark() && (!was || this.#halfWritten()));
    this.look();
    this.problems.clear();
    for (const problem of before) this.problems.add(problem);
    this.outages = outages;
  }

  #isDark(): boolean {
    const { scenario } = this.#fixture;
    return isDark({ held: scenario.engineHolds(), working: scenario.working() });
  }

  /** Values that an emergency has to end. */
  get condemned(): ReadonlySet<string> {
    return new Set([...this.#emergencies].flatMap((values) => [...values]));
  }

  /**
   * Condemns what lives now: an emergency is on its way, or has arrived. Exempt is what the containment of an earlier
   * emergency left in a slot. It was given to nobody, and cannot have leaked.
   */
  condemn(emergency = new Set<string>()): Set<string> {
    const contained = this.condemned.size > 0;
    for (const { value, alive, foreign, readable } of this.#fixture.issued())
      if (alive && !foreign && !(contained && readable && !this.#wasHeld(value))) emergency.add(value);
    this.#emergencies.add(emergency);
    return emergency;
  }

  #wasHeld(value: string): boolean {
    return this.#samples.some(({ held }) => held === value);
  }

  /** Takes back an emergency that reached nobody. */
  pardon(emergency: ReadonlySet<string>): void {
    this.#emergencies.delete(emergency);
  }

  during(at: number, so: (sample: Sample) => boolean): boolean {
    return this.#samples.some((sample, index) => {
      const until = this.#samples[index + 1]?.at ?? Number.POSITIVE_INFINITY;
      return sample.at <= at + lagMs && until >= at - windowMs && so(sample);
    });
  }

  /** Always 0: `outages` counts them, by their causes. */
  outageMs(): number {
    return 0;
  }

  stop(): void {
    this.look();
  }
}

function livingForeign(fixture: Fixture): string[] {
  return fixture
    .issued()
    .filter(({ foreign, alive }) => foreign && alive)
    .map(({ value }) => value);
}

function isSame(a: Pick<Sample, 'held' | 'working'>, b: Pick<Sample, 'held' | 'working'>): boolean {
  return (
    a.held === b.held &&
    a.working.length === b.working.length &&
    a.working.every((value, index) => value === b.working[index])
  );
}

function isDark({ held, working }: Pick<Sample, 'held' | 'working'>): boolean {
  return held === null || !working.includes(held);
}
