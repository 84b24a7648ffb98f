import type { Cli } from './perform.js';
import { roughly } from './time.js';

const everyMs = 5_000;

/** Reports a request that gets no answer, and how long it has waited. */
export interface Silence {
  /** A request starts; the one before it was answered. */
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

/** Prints each step, and how long a step gets no answer. `subject` is the credential, when there are several. */
export async function withSilence<T>(
  cli: Pick<Cli, 'say' | 'paint'>,
  action: (onStep: (title: string) => void) => Promise<T>,
  subject?: string,
): Promise<T> {
  const { begins, ends } = tellSilence(cli);
  try {
    return await action((title) => {
      const step = subject === undefined ? title : `${subject}: ${title}`;
      begins(step);
      cli.say(`  ${cli.paint.dim(`• ${step}`)}`);
    });
  } finally {
    ends();
  }
}
