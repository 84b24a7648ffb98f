import { type Duration, isDuration } from '../domain/duration.js';
import { UsageError } from '../operations/refusals.js';

/** @throws UsageError */
export function durationOf(text: string): Duration {
  if (isDuration(text)) return text;
  throw new UsageError(`"${text}" is not a duration`, {
    state: 'Nothing was changed.',
    next: 'Write for example "24 hours", "30 minutes" or "0 seconds".',
  });
}
