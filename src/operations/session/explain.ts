import { ApplicationFailure, TemporalFailure } from '@temporalio/common';
import { OutsideError } from '../../../activities/shared/outside-error.js';
import { ConfigError } from '../../config/config-error.js';
import type { FailureType } from '../../domain/failure.js';
import { UserError } from '../../domain/user-error.js';
import { StoreBusy } from '../../store/failures.js';
import { Interrupted, NotReachable, UsageError } from './refusals.js';

/** An error, explained to a person. */
export interface Explanation {
  readonly kind: 'failed' | 'usage' | 'unreachable' | 'interrupted';
  /** What happened. The lines after the first are its details. */
  readonly what: string;
  /** What state things are in; null when that is not known. */
  readonly state: string | null;
  /** What to do next. */
  readonly next: string | null;
}

const passing: readonly string[] = ['Unavailable', 'Propagating'] satisfies FailureType[];

/** Never passes on the text of an error that is not our own: it may hold anything. */
export function explain(error: unknown): Explanation {
  return explainOurs(error) ?? explainOutside(error) ?? explainMachine(error) ?? unexpected(error);
}

function explainOurs(error: unknown): Explanation | null {
  if (error instanceof UserError)
    return { kind: kindOf(error), what: error.message, state: error.state, next: error.next };
  if (error instanceof StoreBusy)
    return {
      kind: 'failed',
      what: 'The database is in use by another process',
      state: 'Nothing was changed.',
      next: 'Run the same command again in a moment.',
    };
  if (isInterruption(error))
    return { kind: 'interrupted', what: 'Interrupted', state: 'Nothing was changed.', next: null };
  return null;
}

function explainOutside(error: unknown): Explanation | null {
  if (error instanceof OutsideError || error instanceof TemporalFailure)
    return {
      kind: kindOf(error),
      what: error.message.charAt(0).toUpperCase() + error.message.slice(1),
      state: null,
      next: 'See what works and what does not: keyturn check',
    };
  if (!(error instanceof Error) || error.name !== 'ServiceError') return null; // of the Temporal client
  return {
    kind: 'unreachable',
    what: 'Temporal did not carry out the request',
    state: 'Running rotations continue by themselves when it can be reached.',
    next: 'See whether it can be reached: keyturn check. Then run the same command again.',
  };
}

function explainMachine(error: unknown): Explanation | null {
  const what = machineTrouble(error);
  if (what === null) return null;
  return {
    kind: 'failed',
    what,
    state: 'What was done before that is recorded; nothing is half done.',
    next: 'Check that there is space on the disk and that you may write there; then run the same command again.',
  };
}

function unexpected(error: unknown): Explanation {
  return {
    kind: 'failed',
    what: `Something unexpected happened (${error instanceof Error ? error.constructor.name : typeof error})`,
    state: null,
    next: 'See the state of things with keyturn status. With --verbose the same command shows where it happened.',
  };
}

function kindOf(error: unknown): Explanation['kind'] {
  if (error instanceof ConfigError || error instanceof UsageError) return 'usage';
  if (error instanceof Interrupted) return 'interrupted';
  if (error instanceof NotReachable || noAnswer(error)) return 'unreachable';
  return error instanceof UserError && error.cause !== undefined ? kindOf(error.cause) : 'failed';
}

function noAnswer(error: unknown): boolean {
  if (error instanceof ApplicationFailure) return passing.includes(error.type ?? '');
  return error instanceof OutsideError && error.status === undefined;
}

/** What the operating system or the database engine refused, by its code; null when it was neither. */
function machineTrouble(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if ('errcode' in error) return `The database cannot be read or written (SQLite ${String(error.errcode)})`;
  if (!('syscall' in error && 'code' in error)) return null;
  return `${'path' in error ? String(error.path) : String(error.syscall)} cannot be used (${String(error.code)})`;
}

/** Ctrl-C in a prompt. */
function isInterruption(error: unknown): boolean {
  return error instanceof Error && (error.name === 'ExitPromptError' || error.name === 'AbortPromptError');
}
