import { whyNotDestroy } from '../../src/domain/destruction.js';
import { isLive } from '../../src/domain/version.js';
import type { Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import type { Listed } from '../kit/account.js';
import { revoke, type Work } from '../kit/recovery.js';
import { needsDecision } from '../shared/failures.js';

/** Most keys of a user, including inactive ones. */
export const quota = 2;

/**
 * Deletes ended versions of ours.
 * @throws ApplicationFailure of type NeedsDecision when the other keys fill every slot
 */
export async function makeRoom(work: Work, listed: readonly Listed[]): Promise<void> {
  const { store, account } = work;
  const versions = await store.versions();
  const left: string[] = [];
  for (const key of listed) {
    const version = versions.find(({ providerId }) => providerId === key.id);
    const whose = version ? `version ${version.number}, which is ${version.state}` : 'not created by Keyturn';
    if (version && (await isOver(store, version, key))) await revoke(work, { id: key.id, listed });
    else left.push(`${key.id} (${whose}; ${key.shownAs})`);
  }
  if (left.length < quota) return;
  throw needsDecision(
    `${account.owner} has ${left.length} access keys, and AWS allows no more: ${left.join(', ')}. Keyturn deletes no key that may have a user: delete one that has none`,
  );
}

/** Whether a version's remaining key can be deleted: it was never used, is inactive and retired, or is compromised. */
async function isOver(store: Store, version: Version, { isDisabled }: Listed): Promise<boolean> {
  if (version.state === 'retired') return isDisabled === true || version.compromised;
  if (!isLive(version.state)) return true;
  if (version.state !== 'discarding') return false;
  const victim = { ...version, evidence: await store.evidence(version) };
  return whyNotDestroy({ victim, successor: null, now: Date.now() }) === null;
}
