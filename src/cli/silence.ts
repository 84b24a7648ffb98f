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

/** Says each step, and of one that does not answer for how long. `subject` is whose step it is, where there are several. */
export async function withSilence<T>(
  cli: Pick<Cli, 'say' | 'paint'>,
  work: (onStep: (title: string) => void) => Promise<T>,
  subject?: string,
): Promise<T> {
  const { begins, ends } = tellSilence(cli);
  try {
    return await work((title) => {
      const step = subject === undefined ? title : `${subject}: ${title}`;
      begins(step);
      cli.say(`  ${cli.paint.dim(`• ${step}`)}`);
    });
  } finally {
    ends();
  }
}
