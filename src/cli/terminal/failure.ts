import { explain, type Explanation } from '../../operations/session/explain.js';
import { type ExitCode, exitCodes } from './exit-codes.js';
import { facts, forStream, printable } from './layout.js';
import { paintFor } from './paint.js';
import type { Cli } from './perform.js';

const codes: Readonly<Record<Explanation['kind'], ExitCode>> = {
  failed: exitCodes.failed,
  usage: exitCodes.usage,
  unreachable: exitCodes.unreachable,
  interrupted: exitCodes.interrupted,
};

/** Reports what happened, what state things are in and what to do next: to a person, or with `--json` to a program. */
export function tellFailure({ answer, verbose }: Cli, error: unknown): ExitCode {
  const { kind, ...explanation } = explain(error);
  const lines = failureText(explanation).map((line) => forStream(line, process.stderr));
  process.stderr.write(`${lines.join('\n')}\n`);
  if (verbose) process.stderr.write(`\n${printable(stackOf(error))}\n`);
  answer({ error: { ...explanation, exitCode: codes[kind] } }, []);
  return codes[kind];
}

/** A failure as people read it, for standard error. */
export function failureText(
  failure: Omit<Explanation, 'kind'> & { readonly impact?: string; readonly safeUntil?: string },
): string[] {
  const { what, state, next, impact, safeUntil } = failure;
  const { bad, bold, dim } = paintFor(process.stderr);
  const [first = '', ...more] = what.split('\n');
  const rows = facts([
    [dim('Impact'), impact],
    [dim('Safe until'), safeUntil],
    [dim('State'), state],
    [dim('Next'), next],
  ]);
  return [`${bad('✖')} ${bold(first)}`, ...more.map((line) => `  ${line}`), ...(rows.length > 0 ? ['', ...rows] : [])];
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
