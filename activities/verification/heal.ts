import { toFailure } from '../shared/to-failure.js';
import { runDirectly, scope } from '../shared/scope.js';
import type { Store } from '../../src/store/store.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { VerificationDeps } from './activities.js';
import { healId, isOrphaned, subjectOf } from './subject.js';

/** What came of a heal. */
export interface Healed {
  readonly credential: string;
  /** Why the engine was not made to reload; null when it was. */
  readonly why: string | null;
}

const title = 'Verification: make the engine reload its settings';
const actor = 'verification';

/**
 * Makes the engine reload, under a fence of its own and once in a drift. What is in the settings now stays there: one that somebody else has
 * changed is not written.
 */
export async function heal(deps: VerificationDeps, credential: string): Promise<Healed> {
  const { store } = deps;
  const { key, signal, waitedMs, leaseMs } = scope();
  await endOrphans(deps, credential, key);
  const { current, why } = await subjectOf(deps, credential);
  const makeReload = deps.verified(credential)?.makeReload ?? null;
  if (!current) return { credential, why };
  if (!makeReload) return { credential, why: 'its engine reads nothing anew' };
  const writer = { workflowId: healId(credential), runId: key };
  const holder = await store.beginRepair(credential, actor, writer);
  try {
    const reload = () => reloadOnce(store, holder, makeReload);
    return { credential, why: await runDirectly(writer, reload, { key, signal, waitedMs, leaseMs }) };
  } finally {
    await store.endRepair(holder);
  }
}

async function reloadOnce(
  store: Store,
  holder: VersionRef,
  makeReload: (version: VersionRef) => Promise<string | null>,
): Promise<string | null> {
  const { credential, number: version } = holder;
  if (!(await store.claimHeal(credential))) return 'it was made to reload in this drift already';
  const entry = { credential, version, actor, title };
  await store.record({ ...entry, event: 'started' });
  const why = await makeReload(holder).catch((error: unknown) => toFailure(error).message);
  await store.record({ ...entry, event: why === null ? 'succeeded' : 'failed', ...(why !== null && { detail: why }) });
  if (why !== null) await store.releaseHeal(credential);
  return why;
}

/** A process that died while it healed has left its repair open: no rotation could begin until somebody reconciles. */
async function endOrphans({ store, now }: VerificationDeps, credential: string, own: string): Promise<void> {
  const open = (await store.rotations(credential)).find(({ closedAt }) => closedAt === null);
  if (!open || !(isOrphaned(open, now()) || (open.workflowId === healId(credential) && open.runId === own))) return;
  await store.endRepair({ credential, number: open.version, fence: open.fence });
}
