import type { RotationRow } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { Subject } from './subject.js';

const turnMs = 60_000; // a rotation that is let through has opened by then, or asks for its turn again

/** A rotation that works on its version, until the version is in force. */
interface AtWork extends RotationRow {
  readonly promotedAt: number;
}

/** Rotations that fell due and began beside another one, where only one at a time is allowed. */
export async function outOfTurn(subjects: readonly Subject[], store: Store): Promise<string[]> {
  const all: AtWork[] = [];
  for (const { credential } of subjects) {
    const versions = await store.versions(credential);
    for (const row of await store.rotations(credential))
      all.push({ ...row, promotedAt: versions.find(({ number }) => number === row.version)?.promotedAt ?? 0 });
  }
  const due = all.filter(({ request }) => request.trigger === 'schedule');
  return due.flatMap((row) => {
    const turns = subjects.find(({ credential }) => credential === row.credential)?.turns ?? [];
    return atWorkBefore(row, turns, all).map((other) => `${row.credential} began before its turn, beside ${other}`);
  });
}

/** Credentials whose rotations were open before this one asked for its turn, and still at work when it opened. */
function atWorkBefore(
  { credential, openedAt }: RotationRow,
  turns: readonly number[],
  all: readonly AtWork[],
): string[] {
  const asked = turns.filter((at) => at <= openedAt && at > openedAt - turnMs);
  if (asked.length === 0) return [];
  const since = Math.min(...asked);
  const others = all.filter((other) => other.credential !== credential);
  return others
    .filter((other) => other.openedAt < since && other.promotedAt > openedAt)
    .map((other) => other.credential);
}
