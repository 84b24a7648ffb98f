import { Interrupted } from '../operations/refusals.js';
import { exitCodes } from './exit-codes.js';
import type { Cli } from './perform.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const failures = ['uncaughtException', 'unhandledRejection'] as const; // of work that was left where it was: its connections are gone
const longestMs = 20_000; // what has not let go by then is ended with the process

/**
 * Runs work that clears away after itself. The first Ctrl-C (or SIGTERM, or a terminal that is closed) ends it by `interruption`; the second
 * one ends the process at once.
 * @throws Interrupted when it was ended so
 */
export async function interruptible<T>(
  { say }: Pick<Cli, 'say'>,
  work: (interruption: AbortSignal) => Promise<T>,
): Promise<T> {
  const interruption = new AbortController();
  function interrupt(): void {
    if (interruption.signal.aborted) process.exit(exitCodes.interrupted);
    say('Stopping. Ctrl-C again stops at once');
    setTimeout(() => process.exit(exitCodes.interrupted), longestMs).unref();
    for (const failure of failures) process.on(failure, () => undefined);
    interruption.abort(new Interrupted());
  }
  for (const signal of signals) process.on(signal, interrupt);
  try {
    return await work(interruption.signal);
  } catch (error) {
    throw interruption.signal.aborted ? new Interrupted() : error;
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}
