import type { Cli } from './perform.js';
import { roughly } from './time.js';

const everyMs = 5_000;

/** Tells, while something is asked that does not answer, what it is and for how long it has been silent by now. */
export interface Silence {
  /** What is asked from now on; what was asked before has answered. */
  readonly begins: (what: string) => void;
  readonly ends: () => void;
}

export function tellSilence({ say, paint }: Pick<Cli, 'say' | 'paint'>): Silence {
  let timer: NodeJS.Timeout | undefined;
  const ends = (): void => clearInterval(timer);
  return {
    ends,
    begins(what) {
      ends();
      const begun = Date.now();
      timer = setInterval(
        () => say(`  ${paint.attention('◷')} ${what}: no answer for ${roughly(Date.now() - begun)}`),
        everyMs,
      );
    },
  };
}
