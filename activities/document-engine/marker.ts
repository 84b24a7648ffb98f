import { createHash } from 'node:crypto';
import type { VersionRef } from '../../src/domain/version.js';
import type { ListedSecret } from './schemas.js';

// An added secret is recognized by the time of day of its expiry, to the microsecond: the engine tells no id when it adds, and no
// list shows a value. The time of day belongs to the version for good, and prolonging changes the date alone. Where a secret cannot end
// at once, its last moment keeps the fraction of the second, so that a repeated attempt still knows whose it is.

const dayMs = 86_400_000;
const microsecondsOfADay = 86_400_000_000n;

/** What an added secret lasts at least: longer than anybody lets a rotation wait unseen, and prolonged while one does. */
export const spareMs = 60 * dayMs;

/** One that lasts for less is prolonged. */
export const prolongBelowMs = 30 * dayMs;

/** `T12:34:56.123456Z`, the same for a version for ever, and for no other but by a chance of one to 86 billion. */
export function markerOf(
  installation: string,
  { credential, number }: Pick<VersionRef, 'credential' | 'number'>,
): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([installation, credential, number]))
    .digest();
  const microseconds = hash.readBigUInt64BE() % microsecondsOfADay;
  const time = new Date(Number(microseconds / 1000n)).toISOString().slice(10, 23);
  return `${time}${String(microseconds % 1000n).padStart(3, '0')}Z`;
}

/** The first moment with this marker that is `afterMs` or more after `now` (Unix milliseconds), as the engine takes it. */
export function momentOf(marker: string, now: number, afterMs: number): string {
  return `${new Date(now + afterMs + dayMs).toISOString().slice(0, 10)}${marker}`;
}

/** An expiry that is over whatever the engine's clock does within a day. */
export function momentPast(now: number): string {
  return new Date(now - dayMs).toISOString().replace('Z', '000Z');
}

/** For what is ended without the store, and so for no version. */
export const noMarker = 'T00:00:00.000000Z';

/** The first moment with this marker's fraction of a second that is `afterMs` or more after `now`; a second later at most. */
export function momentSoon(marker: string, now: number, afterMs: number): string {
  const fraction = marker.slice('T12:34:56'.length);
  const fractionMs = Number(fraction.slice(0, -1)) * 1000;
  const second = Math.ceil((now + afterMs - fractionMs) / 1000);
  return `${new Date(second * 1000).toISOString().slice(0, 19)}${fraction}`;
}

/** The secrets that carry a marker. Several, where attempts to add overlapped. */
export function markedIn(
  listed: readonly ListedSecret[],
  marker: string,
): (ListedSecret & { readonly expiresAt: string })[] {
  return listed.filter((secret): secret is ListedSecret & { expiresAt: string } => timeOf(secret.expiresAt) === marker);
}

/** The same, and those that were given their last moment for the marker's version. */
export function addedIn(listed: readonly ListedSecret[], marker: string, now: number): ListedSecret[] {
  const fraction = marker.slice('T12:34:56'.length);
  return listed.filter(({ expiresAt }) => {
    const time = timeOf(expiresAt);
    return time === marker || (time?.endsWith(fraction) && Date.parse(expiresAt ?? '') - now < dayMs);
  });
}

/** The time of day of an expiry, as a marker has it. */
function timeOf(expiresAt: string | null): string | undefined {
  const [, time, fraction = ''] = /(T\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:Z|\+00:00)$/.exec(expiresAt ?? '') ?? [];
  return time && `${time}.${fraction.padEnd(6, '0')}Z`;
}
