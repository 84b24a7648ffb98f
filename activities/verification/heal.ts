import { toFailure } from '../shared/to-failure.js';
import { runDirectly, scope } from '../shared/scope.js';
import type { Store } from '../../src/store/store.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { VerificationDeps, Verified } from './activities.js';
import { healId, isOrphaned, subjectOf } from './subject.js';

/** Result of a heal. */
export interface Healed {
  readonly credential: string;
  /** Why the engine did not reload. Null when it did. */
  readonly why: string | null;
}

const title = 'Verification: make the engine reload its settings';
const actor = 'verification';
type MakeReload = NonNullable<Verified['makeReload']>;

/** Makes the engine reload, under its own fence and once per drift. It writes no setting, so another person's change stays. */
export async function heal(deps: VerificationDeps, credential: string): Promise<Healed> {
  const { store } = deps;
  const { key, signal, waitedMs, leaseMs } = scope();
  await endOrphans(deps, credential, key);
  const { current, why } = await subjectOf(deps, credential);
  const makeReload = deps.verified(credential)?.makeReload ?? null;
  if (!current) return { credential, why };
  if (!makeReload) return { credential, why: 'its engine reloads no settings' };
  const writer = { workflowId: healId(credential), runId: key };
  const holder = await store.beginRepair(credential, actor, writer);
  try {
    const reload = () => reloadOnce(store, holder, makeReload);
    return { credential, why: await runDirectly(writer, reload, { key, signal, waitedMs, leaseMs }) };
  } finally {
    await store.endRepair(holder);
  }
}

async function reloadOnce(store: Store, holder: VersionRef, makeReload: MakeReload): Promise<string | null> {
  const { credential, number: version } = holder;
  if (!(await store.claimHeal(credential))) return 'it was reloaded for this drift already';
  const entry = { credential, version, actor, title };
  await store.record({ ...entry, event: 'started' });
  const why = await makeReload(holder).catch((error: unknown) => toFailure(error).message);
  await store.record({ ...entry, event: why === null ? 'succeeded' : 'failed', ...(why !== null && { detail: why }) });
  if (why !== null) await store.releaseHeal(credential);
  return why;
}

/** Closes the repair of a process that died while healing. Otherwise no rotation could begin before a reconcile. */
async function endOrphans({ store, now }: VerificationDeps, credential: string, own: string): Promise<void> {
  const repair = (await store.rotations(credential)).find(({ closedAt }) => closedAt === null);
  if (!repair) return;
  const isOwn = repair.workflowId === healId(credential) && repair.runId === own;
  if (isOwn || isOrphaned(repair, now()))
    await store.endRepair({ credential, number: repair.version, fence: repair.fence });
}
