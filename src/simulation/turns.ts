import type { RotationRow } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { Subject } from './subject.js';

const turnMs = 60_000; // whoever is let through has opened by then, or takes its turn again

/** A rotation at work on its version, until that is in force. */
interface AtWork extends RotationRow {
  readonly promotedAt: number;
}

/** Rotations that fell due and began although another one was at work, where one at a time may be. */
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

/** Whose rotations were open already when this one asked for its turn, and at work still when it opened. */
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
