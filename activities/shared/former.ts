import type { VersionRef } from '../../src/domain/version.js';
import type { Version } from '../../src/store/records.js';

/** The version in force before another one: the current one, else the newest that was in force and is not retired yet. */
export function formerAmong(versions: readonly Version[], { number }: Pick<VersionRef, 'number'>): Version | undefined {
  const others = versions.filter((each) => each.number < number && each.parts.length > 0);
  return others.find(({ state }) => state === 'current') ?? others.findLast(({ state }) => state === 'retiring');
}
