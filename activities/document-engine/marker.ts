import { createHash } from 'node:crypto';
import type { VersionRef } from '../../src/domain/version.js';
import { expiryMs, type ListedSecret } from './schemas.js';

// An added secret is recognized in two ways, since the engine returns no id when it adds one, and no list shows a value:
// - By its id, which is new in the list and is recorded then.
// - By the time of day of its expiry, the marker. It never changes for a version; renewing changes only the date. Where a list shows all
//   six digits, the marker alone identifies the version, even without the record.
// Where a secret cannot end at once, its last moment keeps the marker's fraction of a second, so that a repeated attempt recognizes it.

export const dayMs = 86_400_000;
const microsecondsOfADay = 86_400_000_000n;

/** Shortest lifetime of an added secret: longer than a rotation waits unnoticed. Renewed while a rotation waits. */
export const spareMs = 60 * dayMs;

/** A secret with less than this left is renewed. */
export const renewBelowMs = 30 * dayMs;

/** `T12:34:56.123456Z`, constant for a version. Two versions share one with a probability of one in 86 billion. */
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

/** The first moment with this marker at least `afterMs` after `now` (Unix milliseconds), in the engine's format. */
export function momentOf(marker: string, now: number, afterMs: number): string {
  return `${new Date(now + afterMs + dayMs).toISOString().slice(0, 10)}${marker}`;
}

/** An expiry in the past, even if the engine's clock is up to a day behind. */
export function momentPast(now: number): string {
  return new Date(now - dayMs).toISOString().replace('Z', '000Z');
}

/** For secrets that are ended without the store, and so belong to no version. */
export const noMarker = 'T00:00:00.000000Z';

/** The first moment with this marker's fraction of a second at least `afterMs` after `now`, and at most a second later. */
export function momentSoon(marker: string, now: number, afterMs: number): string {
  const fraction = marker.slice('T12:34:56'.length);
  const fractionMs = Number(fraction.slice(0, -1)) * 1000;
  const second = Math.ceil((now + afterMs - fractionMs) / 1000);
  return `${new Date(second * 1000).toISOString().slice(0, 19)}${fraction}`;
}

interface Listed {
  /** Unix milliseconds. */
  readonly at: number;
  /** Time of day. */
  readonly microseconds: bigint;
  /** Microseconds per unit of the last digit: engines may not keep all six digits. */
  readonly step: bigint;
}

/** An added secret, as in a list. */
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

/** Whether a secret has exactly this marker, which identifies its version. */
export function isMarked({ expiresAt }: Spare, marker: string): boolean {
  const { microseconds, step } = read(expiresAt);
  return step === 1n && microseconds === microsecondsOf(marker);
}

/**
 * Whether a secret may have the marker, within the list's precision and in any time zone. Other secrets may match as well, so it counts
 * only for a secret whose id is new or recorded.
 */
export function isNear({ expiresAt }: Spare, marker: string): boolean {
  const { microseconds, step } = read(expiresAt);
  const away = (microseconds - microsecondsOf(marker) + microsecondsOfADay) % quarterHour;
  return away < step || quarterHour - away < step;
}

const quarterHour = 900_000_000n; // time zones differ by multiples of a quarter of an hour

/** Whether a secret of the marker's version got its last moment: it has the marker's fraction of a second and less than a day left. */
export function isEnding({ expiresAt }: Spare, marker: string, now: number): boolean {
  const { microseconds, step, at } = read(expiresAt);
  return step === 1n && microseconds % 1_000_000n === microsecondsOf(marker) % 1_000_000n && at - now < dayMs;
}
