import { z } from 'zod';
import { durationMs, durationSpellings, readDuration } from '../domain/duration.js';

/** Longer than any useful interval or grace, and short enough for every timer. */
const longestMs = durationMs('520 weeks');

/** A name given by people. It appears in workflow ids, addresses and file names. */
export const Name = z
  .string()
  .regex(
    /^[a-z][a-z0-9_-]{0,62}$/,
    'a name begins with a lower-case letter, followed by lower-case letters, digits, "-" and "_"',
  );

/** A path, relative to the folder of the configuration file. `loadConfig` makes it absolute. */
export const FilePath = z.string().min(1);

/** A duration as people write it. Parses to a `Duration` of src/domain. */
export const DurationText = z
  .string({ error: ({ input }) => (input === undefined ? undefined : 'write a duration such as 90 days or 24h') })
  .meta({ pattern: durationSpellings, examples: ['90 days', '24h'] })
  .transform((text, context) => {
    const duration = readDuration(text);
    if (duration !== null && durationMs(duration) <= longestMs) return duration;
    context.addIssue(whyNoDuration(text));
    return z.NEVER;
  });

function whyNoDuration(text: string): string {
  if (readDuration(text) !== null) return 'longer than ten years';
  if (text.startsWith('-')) return 'a duration cannot be negative';
  return 'not a duration; write for example 90 days, 24h or 30 seconds';
}

/** An HTTP address, normalized (lower-case host, no slash at the end) so that equal addresses are equal text. */
export const HttpUrl = z
  .string()
  .meta({ format: 'uri' })
  .transform((text, context) => {
    const url = URL.parse(text);
    const problem = whyNoHttpUrl(url);
    if (url && !problem) return url.origin + url.pathname.replace(/\/+$/, '');
    context.addIssue(problem);
    return z.NEVER;
  });

function whyNoHttpUrl(url: URL | null): string {
  if (!url || !/^https?:$/.test(url.protocol)) return 'not an address; write for example https://docs.example.com';
  if (url.username || url.password) return 'an address must not contain a user name or a password';
  return url.search || url.hash ? 'an address must end with its path, without "?" and "#"' : '';
}
