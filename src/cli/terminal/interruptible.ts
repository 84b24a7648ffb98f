import { Interrupted } from '../../operations/session/refusals.js';
import { exitCodes } from './exit-codes.js';
import type { Cli } from './perform.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const failures = ['uncaughtException', 'unhandledRejection'] as const; // of the interrupted action, whose connections are gone
const longestMs = 20_000; // then the process ends, whatever still runs in it

/**
 * Runs an action that clears away after itself. The first Ctrl-C (or SIGTERM, or a closed terminal) aborts `interruption`; the second one ends
 * the process at once.
 * @throws Interrupted when the action was interrupted
 */
export async function interruptible<T>(
  { say }: Pick<Cli, 'say'>,
  action: (interruption: AbortSignal) => Promise<T>,
): Promise<T> {
  const interruption = new AbortController();
  let end: NodeJS.Timeout | undefined;
  function interrupt(): void {
    if (interruption.signal.aborted) process.exit(exitCodes.interrupted);
    say('Stopping. Ctrl-C again stops at once');
    end = setTimeout(() => process.exit(exitCodes.interrupted), longestMs).unref();
    for (const failure of failures) process.on(failure, () => undefined);
    interruption.abort(new Interrupted());
  }
  for (const signal of signals) process.on(signal, interrupt);
  try {
    return await action(interruption.signal);
  } catch (error) {
    throw interruption.signal.aborted && !(error instanceof Interrupted) ? new Interrupted() : error;
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
    clearTimeout(end);
  }
}
