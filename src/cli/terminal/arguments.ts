import { InvalidArgumentError } from 'commander';
import { type Duration, durationMs, readDuration } from '../../domain/duration.js';

/** A length of time: `24h`, `5m`, `10s`, or as in the configuration `"24 hours"`. Throws an InvalidArgumentError. */
export function duration(text: string): Duration {
  const read = readDuration(text);
  if (read === null) throw new InvalidArgumentError('Write a duration such as 10s, 5m, 24h or "90 days".');
  return read;
}

/** A count of at least 1. Throws an InvalidArgumentError. */
export function count(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a number of at least 1.');
}

const aDay = /^\d{4}-\d\d-\d\d$/;

/** A moment by the local clock, or a duration ago, as Unix milliseconds. Throws an InvalidArgumentError. */
export function since(text: string): number {
  const ago = readDuration(text);
  const at = ago === null ? Date.parse(aDay.test(text) ? `${text}T00:00` : text) : Date.now() - durationMs(ago);
  if (/^\d{4}-/.test(text) ? !Number.isNaN(at) : ago !== null) return at;
  throw new InvalidArgumentError('Write how long ago it was, such as 24h, or a day such as 2026-11-28.');
}

/** A text for the ledger, which must not be empty. Throws an InvalidArgumentError. */
export function ledgerText(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') throw new InvalidArgumentError('It must not be empty.');
  return trimmed;
}
