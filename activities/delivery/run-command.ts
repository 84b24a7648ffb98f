import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { CancelledFailure } from '@temporalio/common';
import { isLate } from '../shared/lease.js';
import { passing, permanent } from '../shared/failures.js';
import { scope } from '../shared/scope.js';

/** Variables that a command gets of our environment. Others may hold secrets. */
const inherited = ['PATH', 'HOME', 'LANG', 'TZ'];
const usualDeadlineMs = 30_000; // half the start-to-close timeout; a reload takes seconds

export interface Running {
  /** Text for its standard input. */
  readonly input?: string;
  /** The folder it runs in. Default: Keyturn's own. */
  readonly folder?: string;
  /** It is killed after this long. */
  readonly deadlineMs?: number;
}

/**
 * Runs a program without a shell and ignores its output. A cancelled activity waits for the program to end: what it has begun elsewhere
 * would not end with it.
 */
export async function runCommand(
  [program = '', ...args]: readonly string[],
  environment: (name: string) => string | undefined,
  { input = '', folder, deadlineMs = usualDeadlineMs }: Running = {},
): Promise<void> {
  if (scope().signal.aborted) throw new CancelledFailure('the activity was cancelled');
  const env = Object.fromEntries(inherited.map((name) => [name, environment(name)]));
  if (isLate()) throw passing(`${basename(program)} was not run: another attempt may be running by now`);
  const child = spawn(program, args, { env, cwd: folder, stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin.on('error', () => undefined); // a program may leave its input unread; its exit code counts
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

/** The failure of a program that cannot be started, with the operating system's code. Any other error is returned unchanged. */
function whyNotStarted(name: string, error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !('syscall' in error) || !('code' in error)) return error;
  return permanent('Rejected', `${name} could not be started (${String(error.code)})`);
}
