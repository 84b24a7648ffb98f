import type { Watcher } from '../../operations/session/in-process.js';
import { interruptible } from './interruptible.js';
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

/**
 * Prints each step of an action in this process, how long it gets no answer, and why it is tried again. Ctrl-C ends the action. `subject` is the
 * credential, when there are several.
 */
export async function watched<T>(
  cli: Pick<Cli, 'say' | 'paint'>,
  action: (watcher: Required<Watcher>, silence: Silence) => Promise<T>,
  subject?: string,
): Promise<T> {
  const { say, paint } = cli;
  const silence = tellSilence(cli);
  const named = (text: string): string => (subject === undefined ? text : `${subject}: ${text}`);
  try {
    return await interruptible(cli, (signal) =>
      action(
        {
          signal,
          onStep(title) {
            silence.begins(named(title));
            say(`  ${paint.dim(`• ${named(title)}`)}`);
          },
          onRetry(why, pauseMs) {
            silence.ends();
            say(`  ${paint.attention('◷')} ${named(why)}; tried again in ${roughly(pauseMs)}`);
          },
        },
        silence,
      ),
    );
  } finally {
    silence.ends();
  }
}
