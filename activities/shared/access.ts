import { CancelledFailure } from '@temporalio/common';
import { toFailure } from './to-failure.js';

/** One thing that `keyturn check` looked at. `detail` is one sentence for a person and never holds a secret. */
export interface AccessCheck {
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Looks at one thing: `see` returns what is right about it and throws what is not. Only a cancellation gets through. */
export async function look(what: string, see: () => Promise<string>): Promise<AccessCheck> {
  try {
    return { what, ok: true, detail: await see() };
  } catch (error) {
    if (error instanceof CancelledFailure) throw error;
    return { what, ok: false, detail: toFailure(error).message };
  }
}
