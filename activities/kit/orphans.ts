import { whyNotDestroy } from '../../src/domain/destruction.js';
import type { Evidence } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { needsDecision, permanent } from '../shared/failures.js';
import { madeFor } from '../shared/survey.js';
import { judgeIdle, switchTime } from '../shared/usage.js';
import type { Listed } from './account.js';
import { lastUseOf } from './listed.js';
import { type IssuingDeps, isOf, isWithin, revoke, type Work, workOn } from './recovery.js';

/**
 * Every entry that is no version of any credential. A holder with a version's value, or with several values that are not all ours,
 * is no orphan as a whole: its other values are, each by its own name.
 */
export async function orphansOf(store: Store, credential: string, listed: readonly Listed[]) {
  const known = (await store.versions()).map(({ providerId }) => providerId);
  const versionIn = await madeFor(store, credential);
  const unknown = listed.filter((entry) => !known.some((own) => isOf(entry, own)));
  const whole = unknown.filter(({ id, name, isHolder }) => {
    const within = listed.filter((each) => each.id !== id && isWithin(each.id, id));
    return isHolder && !known.some((own) => isWithin(own, id)) && (within.length < 2 || versionIn(name) !== null);
  });
  const single = unknown.filter(({ id, isHolder }) => !isHolder && !whole.some((holder) => isWithin(id, holder.id)));
  return [...whole, ...single].map((entry) => ({
    ...{ entry, id: entry.id, name: entry.name, madeFor: versionIn(entry.name) },
  }));
}

interface OrphanRef {
  /** The current version. It has to be proved in force, so that the engine cannot be using the orphan. */
  readonly version: VersionRef;
  readonly id: string;
}

/** Revokes an orphan with our label, while `version` is proved to be in force. */
export async function deleteOrphan(deps: IssuingDeps, { version, id }: OrphanRef): Promise<void> {
  const { store, name } = deps;
  const work = await workOn(deps, version);
  const { account } = work;
  const listed = (await account.list?.()) ?? [];
  const orphan = (await orphansOf(store, version.credential, listed)).find((each) => each.id === id);
  if (!orphan) return; // gone already
  if (orphan.madeFor === null)
    throw needsDecision(`${id} at ${name} does not carry our label, so Keyturn does not delete it`);
  const stale = (why: string): Error => permanent('StaleProof', `${id} must not be deleted now: ${why}`);
  const idle = await idleOf(work, orphan.entry);
  if ('leftMs' in idle) throw stale(idle.why);
  const now = Date.now();
  const why = whyNotDestroy({
    victim: { state: 'retiring', engine: 'no', compromised: false, evidence: [{ ...idle, at: now }] },
    successor: { evidence: await evidenceOfCurrent(store, version) },
    now,
  });
  if (why !== null) throw stale(why);
  await revoke(work, { id, listed });
}

/** Whether the engine cannot have used it since the switch. What does not show its last use may be in use. */
async function idleOf({ store, name, account, ref }: Work, entry: Listed): Promise<ReturnType<typeof judgeIdle>> {
  const { usageResolutionMs = 0, providerTime: readAt } = account;
  const lastUsed = await lastUseOf(account, entry);
  if (typeof lastUsed === 'string' || lastUsed === undefined)
    throw permanent(
      'StaleProof',
      `${entry.id} must not be deleted: ${lastUsed ?? `${name} does not tell its last use`}`,
    );
  const switchedAt = await switchTime(store, ref.credential);
  return judgeIdle({ name, usageResolutionMs, lastUsed, switchedAt, readAt, probes: [] });
}

async function evidenceOfCurrent(store: Store, version: VersionRef): Promise<Evidence[]> {
  const { state } = await store.read(version);
  if (state === 'current') return store.evidence(version);
  throw needsDecision(
    `version ${version.number} of ${version.credential} is ${state}, not current, so no orphan is deleted`,
  );
}
