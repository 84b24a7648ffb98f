import { createHash } from 'node:crypto';
import type { VersionRef } from '../../src/domain/version.js';
import { expiryMs, type ListedSecret } from './schemas.js';

// An added secret is recognized by its id, which is new in the list and is noted then, and by the time of day of its expiry: the engine
// tells no id when it adds, and no list shows a value. The time of day belongs to the version for good, and renewing changes the date
// alone. Where a list shows all six digits, it alone tells whose a secret is, also without the note. Where a secret cannot end at once, its
// last moment keeps the fraction of the second, so that a repeated attempt still knows whose it is.

export const dayMs = 86_400_000;
const microsecondsOfADay = 86_400_000_000n;

/** What an added secret lasts at least: longer than anybody lets a rotation wait unseen, and renewed while one does. */
export const spareMs = 60 * dayMs;

/** One that lasts for less is renewed. */
export const renewBelowMs = 30 * dayMs;

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

/** An expiry of a list, by time of day. */
interface Listed {
  /** Unix milliseconds. */
  readonly at: number;
  readonly microseconds: bigint;
  /** How many microseconds the last digit stands for: nobody promises that all six are kept. */
  readonly step: bigint;
}

/** An added secret, as a list shows it. */
export type Spare = ListedSecret & { readonly expiresAt: string };

export function isSpare(secret: ListedSecret): secret is Spare {
  return secret.expiresAt !== null;
}

function read(expiresAt: string): Listed {
  const [, fraction = ''] = /\.(\d{1,6})/.exec(expiresAt) ?? [];
  const at = expiryMs(expiresAt);
  const second = Math.floor(at / 1000) * 1000;
  const microseconds = BigInt(second % dayMs) * 1000n + BigInt(fraction.padEnd(6, '0'));
  return { at, microseconds, step: 10n ** BigInt(6 - fraction.length) };
}

function microsecondsOf(marker: string): bigint {
  return BigInt(Date.parse(`1970-01-01${marker.slice(0, 9)}Z`)) * 1000n + BigInt(marker.slice(10, -1));
}

/** Whether a secret carries a marker, and all of it: that is its own and nobody else's. */
export function isMarked({ expiresAt }: Spare, marker: string): boolean {
  const { microseconds, step } = read(expiresAt);
  return step === 1n && microseconds === microsecondsOf(marker);
}

/**
 * Whether it may carry it, as far as the list's digits go, and in whatever zone the list writes. Others may as well: this counts for a
 * secret whose id is new or noted alone.
 */
export function isNear({ expiresAt }: Spare, marker: string): boolean {
  const { microseconds, step } = read(expiresAt);
  const away = (microseconds - microsecondsOf(marker) + microsecondsOfADay) % quarterHour;
  return away < step || quarterHour - away < step;
}

const quarterHour = 900_000_000n; // zones differ by quarters of an hour

/** Whether it was given its last moment for the marker's version: all digits of a second are its own, and a day is not left. */
export function isEnding({ expiresAt }: Spare, marker: string, now: number): boolean {
  const { microseconds, step, at } = read(expiresAt);
  return step === 1n && microseconds % 1_000_000n === microsecondsOf(marker) % 1_000_000n && at - now < dayMs;
}
