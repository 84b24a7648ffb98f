import { durationMs } from '../domain/duration.js';
import type { UsageData } from '../domain/rotation.js';
import { DurationText } from './fields.js';

/** Of the `provider` section, where a provider tells when a value was used last. */
export const usageFields = {
  usageResolution: DurationText.prefault('16 minutes').describe(
    'Of several uses of a value within so long the provider may note the first alone. AWS does so for 15 minutes; how OpenAI does is not known. An old value stays alive at least so long after the new one was tried.',
  ),
  usageLag: DurationText.prefault('24 hours').describe(
    'How long a use may take until the provider shows it. The old value stays alive meanwhile; then a person is asked.',
  ),
};

/** The same in milliseconds. */
export function usageDataOf(account: { readonly usageResolution: string; readonly usageLag: string }): UsageData {
  return { resolutionMs: durationMs(account.usageResolution), lagMs: durationMs(account.usageLag) };
}
