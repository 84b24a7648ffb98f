import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { CancelledFailure } from '@temporalio/common';
import { isLate } from '../shared/lease.js';
import { passing, permanent } from '../shared/failures.js';
import { scope } from '../shared/scope.js';

/** What a command may know of our own environment, which may hold secrets: where programs and its home are. */
const inherited = ['PATH', 'HOME', 'LANG', 'TZ'];
const deadlineMs = 30_000; // half the start-to-close timeout; a reload takes seconds

/**
 * Runs a program without a shell and hears nothing of what it says. `input` goes to its standard input. One that runs is let finish also when
 * the activity is cancelled: what it has begun elsewhere would not end with it.
 */
export async function runCommand(
  [program = '', ...args]: readonly string[],
  environment: (name: string) => string | undefined,
  input = '',
): Promise<void> {
  if (scope().signal.aborted) throw new CancelledFailure('the activity was cancelled');
  const env = Object.fromEntries(inherited.map((name) => [name, environment(name)]));
  if (isLate()) throw passing(`${basename(program)} was not run: somebody else may be doing this by now`);
  const child = spawn(program, args, { env, stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin.on('error', () => undefined); // one that does not read its input says by its exit code what it thinks
  child.stdin.end(input);
  const late = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
  const name = basename(program);
  try {
    const ended = await new Promise<number | string | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (code, killedBy) => resolve(code ?? killedBy));
    });
    if (ended !== 0) throw passing(`${name} ended with ${typeof ended === 'number' ? 'exit code ' : ''}${ended}`);
  } catch (error) {
    throw whyNotStarted(name, error);
  } finally {
    clearTimeout(late);
  }
}

/** The system's code for why a program cannot be started; what is no error of the system stays what it is. */
function whyNotStarted(name: string, error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !('syscall' in error) || !('code' in error)) return error;
  return permanent('Rejected', `${name} could not be started (${String(error.code)})`);
}
