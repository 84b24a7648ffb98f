import type { Clock } from '../clock.js';

/** Work for later by the lab's clock. */
export interface Agenda {
  at(time: number, work: () => void): void;
  /** Does what is due. Called whenever somebody looks, so that a clock that a test moves is noticed. */
  catchUp(): void;
  stop(): void;
}

export function createAgenda(clock: Clock): Agenda {
  const entries: { readonly time: number; readonly work: () => void }[] = [];
  const [start, begun] = [clock(), performance.now()];
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  /** Wakes at the time of the next entry, as fast as the clock has run so far. */
  function arm(): void {
    clearTimeout(timer);
    const [next] = entries;
    if (!next || stopped) return;
    const rate = Math.max(1, (clock() - start) / Math.max(1, performance.now() - begun));
    timer = setTimeout(() => agenda.catchUp(), Math.max(1, Math.min(2 ** 31 - 1, (next.time - clock()) / rate)));
    timer.unref();
  }
  const agenda: Agenda = {
    at(time, work) {
      entries.push({ time, work });
      entries.sort((a, b) => a.time - b.time);
      arm();
    },
    catchUp() {
      while (entries[0] && entries[0].time <= clock()) entries.shift()?.work();
      arm();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
  return agenda;
}
