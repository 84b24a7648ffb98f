import type { Gap } from './scenario.js';

/** A simulated user of the engine, with the results it got during a rotation. */
export interface Consumer {
  readonly probes: number;
  /** Failed uses outside of gaps. */
  readonly failed: number;
  readonly failedInGap: number;
  stop(): Promise<void>;
}

/** Calls `use` every `everyMs` and counts failures. Calls overlap when one takes longer. */
export function startConsumer(
  use: () => Promise<boolean>,
  everyMs = 100,
  gaps: () => readonly Gap[] = () => [],
): Consumer {
  const counts = { probes: 0, failed: 0, failedInGap: 0 };
  const running = new Set<Promise<void>>();
  async function probe(): Promise<void> {
    counts.probes++;
    const begun = Date.now();
    if (await use().catch(() => false)) return;
    const ended = Date.now();
    if (gaps().some(({ from, to }) => from <= ended && begun <= to)) counts.failedInGap++;
    else counts.failed++;
  }
  const timer = setInterval(() => {
    const started = probe();
    running.add(started);
    void started.finally(() => running.delete(started));
  }, everyMs);
  return Object.assign(counts, {
    async stop() {
      clearInterval(timer);
      await Promise.all(running);
    },
  });
}
