import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { CancelledFailure } from '@temporalio/common';
import { passing, permanent } from '../shared/patience.js';
import { scope } from '../shared/scope.js';

/** What a command may know of our own environment, which may hold secrets: where programs and its home are. */
const inherited = ['PATH', 'HOME', 'LANG', 'TZ'];
const deadlineMs = 30_000; // half the start-to-close timeout; a reload takes seconds

/** Runs a program without a shell and hears nothing of what it says. `input` goes to its standard input. */
export async function runCommand(
  [program = '', ...args]: readonly string[],
  environment: (name: string) => string | undefined,
  input = '',
): Promise<void> {
  const { signal } = scope();
  const env = Object.fromEntries(
    inherited.flatMap((name) => (environment(name) === undefined ? [] : [[name, environment(name)]])),
  );
  const child = spawn(program, args, { env, stdio: ['pipe', 'ignore', 'ignore'], signal, timeout: deadlineMs });
  child.stdin.on('error', () => undefined); // one that does not read its input says by its exit code what it thinks
  child.stdin.end(input);
  const name = basename(program);
  await new Promise<void>((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        signal.aborted
          ? new CancelledFailure('the activity was cancelled')
          : permanent('Rejected', `${name} could not be started (${error.code ?? error.name})`),
      ),
    );
    child.on('exit', (code, killedBy) =>
      code === 0 ? resolve() : reject(passing(`${name} ended with ${killedBy ?? `exit code ${code ?? 'unknown'}`}`)),
    );
  });
}
