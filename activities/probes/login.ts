import { CancelledFailure } from '@temporalio/common';
import { asking } from '../shared/lease.js';
import { CannotTell, OutsideError } from '../shared/outside-error.js';
import { scope } from '../shared/scope.js';
import { deadlineMs } from './probe.js';

/** A connection for one login. */
export interface Conversation<T> {
  /** The protocol, as shown in errors. */
  readonly system: string;
  /** Signs in. Throws as the library does: errors other than ours are passed on by their code alone. */
  readonly run: () => Promise<T>;
  /** Closes the connection, wherever `run` is. */
  readonly close: () => void;
}

/** Runs a login within the deadline, and closes its connection in every case. Cancelling the activity ends it. */
export async function converse<T>({ system, run, close }: Conversation<T>): Promise<T> {
  const { signal } = scope();
  const broken = Promise.withResolvers<never>();
  const cancelled = (): void => broken.reject(new CancelledFailure('the activity was cancelled'));
  if (signal.aborted) throw new CancelledFailure('the activity was cancelled');
  signal.addEventListener('abort', cancelled, { once: true });
  const late = setTimeout(() => broken.reject(noAnswer(system, 'TIMEOUT')), deadlineMs);
  try {
    asking();
    const login = run();
    login.catch(() => undefined); // it may fail after the deadline
    return await Promise.race([login, broken.promise]);
  } catch (error) {
    throw isOurs(error) ? error : noAnswer(system, codeOf(error));
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', cancelled);
    close();
  }
}

function isOurs(error: unknown): boolean {
  return error instanceof CannotTell || error instanceof OutsideError || error instanceof CancelledFailure;
}

/** No answer about the value. It is asked again. */
export function noAnswer(system: string, code: string): OutsideError {
  return new OutsideError(system, 'login', { code });
}

/** The code of a library's error. Its message may repeat what was sent. */
function codeOf(error: unknown): string {
  const code = String(typeof error === 'object' && error !== null && 'code' in error ? error.code : '');
  return /^\w{1,60}$/.test(code) ? code : 'NETWORK';
}
