import { CancelledFailure } from '@temporalio/common';
import { toFailure } from './to-failure.js';

/** One thing that `keyturn check` looked at. `detail` is one sentence for a person and never holds a secret. */
export interface AccessCheck {
  readonly what: string;
  readonly ok: boolean;
  /** It works, and a person should know what `detail` says. */
  readonly warning?: true;
  readonly detail: string;
}

/** What a person should know of something that works. */
export interface Warning {
  readonly warning: string;
}

/** Looks at one thing: `see` returns what is right about it and throws what is not. Only a cancellation gets through. */
export async function look(what: string, see: () => Promise<string | Warning>): Promise<AccessCheck> {
  try {
    const seen = await see();
    return typeof seen === 'string'
      ? { what, ok: true, detail: seen }
      : { what, ok: true, warning: true, detail: seen.warning };
  } catch (error) {
    if (error instanceof CancelledFailure) throw error;
    return { what, ok: false, detail: toFailure(error).message };
  }
}
