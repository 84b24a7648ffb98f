import type { Clock } from '../clock.js';

/** Callbacks that run at a time of the lab's clock. */
export interface Agenda {
  at(time: number, callback: () => void): void;
  /** Runs due callbacks. Called at every request, so that a clock that a test moves takes effect. */
  catchUp(): void;
  stop(): void;
}

export function createAgenda(clock: Clock): Agenda {
  const entries: { readonly time: number; readonly callback: () => void }[] = [];
  const [start, begun] = [clock(), performance.now()];
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  /** Sets a timer for the next entry, by the rate at which the clock has run so far. */
  function arm(): void {
    clearTimeout(timer);
    const [next] = entries;
    if (!next || stopped) return;
    const rate = Math.max(1, (clock() - start) / Math.max(1, performance.now() - begun));
    timer = setTimeout(() => agenda.catchUp(), Math.max(1, Math.min(2 ** 31 - 1, (next.time - clock()) / rate)));
    timer.unref();
  }
  const agenda: Agenda = {
    at(time, callback) {
      entries.push({ time, callback });
      entries.sort((a, b) => a.time - b.time);
      arm();
    },
    catchUp() {
      while (entries[0] && entries[0].time <= clock()) entries.shift()?.callback();
      arm();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
  return agenda;
}
