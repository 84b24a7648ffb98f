import { durationMs } from '../domain/duration.js';
import type { UsageData } from '../domain/rotation.js';
import { DurationText } from './fields.js';

/** Fields of the `provider` section of providers that show when a value was last used. */
export const usageFields = {
  usageResolution: DurationText.prefault('16 minutes').describe(
    'Of several uses of a value within this time the provider may record only the first. For AWS it is 15 minutes; for OpenAI it is not known. An old value stays valid at least this long after the new one was probed.',
  ),
  usageLag: DurationText.prefault('24 hours').describe(
    'How long a use may take until the provider shows it. The old value stays valid meanwhile; afterwards a person is asked.',
  ),
};

/** The fields in milliseconds. */
export function usageDataOf(account: { readonly usageResolution: string; readonly usageLag: string }): UsageData {
  return { resolutionMs: durationMs(account.usageResolution), lagMs: durationMs(account.usageLag) };
}
