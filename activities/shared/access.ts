import { CancelledFailure } from '@temporalio/common';
import { toFailure } from './to-failure.js';

/** One result of `keyturn check`. `detail` is one sentence for a person and never holds a secret. */
export interface AccessCheck {
  readonly what: string;
  readonly ok: boolean;
  /** The check passed, but a person should read `detail`. */
  readonly warning?: true;
  readonly detail: string;
}

/** A check that passed with something a person should know. */
export interface Warning {
  readonly warning: string;
}

/** Runs one check. `inspect` returns what is right and throws what is wrong. Only a cancellation is thrown on. */
export async function accessCheck(what: string, inspect: () => Promise<string | Warning>): Promise<AccessCheck> {
  try {
    const result = await inspect();
    return typeof result === 'string'
      ? { what, ok: true, detail: result }
      : { what, ok: true, warning: true, detail: result.warning };
  } catch (error) {
    if (error instanceof CancelledFailure) throw error;
    return { what, ok: false, detail: toFailure(error).message };
  }
}
