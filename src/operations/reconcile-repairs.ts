import { randomUUID } from 'node:crypto';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { runDirectly } from '../../activities/shared/scope.js';
import { toFailure } from '../../activities/shared/to-failure.js';
import { descriptorOf } from '../../workers/compose.js';
import { seen } from '../../workflows/rotation/seen.js';
import { delivery, engines, versions } from '../../workflows/systems.js';
import { rotationPolicyOf } from '../config/policy.js';
import type { Call } from '../domain/call.js';
import { isLive, type VersionRef } from '../domain/version.js';
import type { Act, Repair } from './reconcile-differences.js';
import { performCall, repairRun, type Repairing } from './reconcile-run.js';
import { type Session, workflowOf } from './session.js';

export interface Reconciling {
  readonly session: Session;
  readonly client: Client;
  readonly credential: string;
  readonly actor: string;
  readonly onStep: (title: string) => void;
  /** Called before a request that may take long. */
  readonly onAsking?: (what: string) => void;
}

/** Repairs one difference. The ledger has an entry before and one after; without the second one, the outcome is unknown. */
export async function repair(reconciling: Reconciling, wanted: Repair): Promise<void> {
  const { session, credential, actor } = reconciling;
  const entry = { credential, actor, title: `Reconcile: ${wanted.title}` };
  await session.store.record({ ...entry, event: 'started' });
  try {
    await perform(reconciling, wanted);
  } catch (error) {
    await session.store.record({ ...entry, event: 'failed', detail: toFailure(error).message });
    throw error;
  }
  await session.store.record({ ...entry, event: 'succeeded' });
}

async function perform(reconciling: Reconciling, act: Act): Promise<void> {
  const { session, client, credential, actor } = reconciling;
  switch (act.kind) {
    case 'close-rotation': {
      const { version: number, fence } = act.rotation;
      return session.store.close({ credential, number, fence }, 'abandoned', `${actor} closed it: ${act.why}`);
    }
    case 'end-workflow':
      return endWorkflow(client, act, `reconciled by ${actor}`);
    case 'settle':
      return session.store.settle(act.intent, 'nothing-made');
    default:
      return underFence(reconciling, act);
  }
}

async function endWorkflow(
  client: Client,
  { workflowId, runId }: { readonly workflowId: string; readonly runId: string },
  reason: string,
): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId, runId).terminate(reason);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error; // it has ended by itself
  }
}

type Fenced = Exclude<Act, { readonly kind: 'close-rotation' | 'end-workflow' | 'settle' }>;

/** A repair that changes versions, engine or provider holds the fencing token. */
async function underFence({ session, credential, actor, onStep }: Reconciling, act: Fenced): Promise<void> {
  const writer = { workflowId: `reconcile/${credential}`, runId: randomUUID() };
  const holder = await session.store.beginRepair(credential, actor, writer);
  const repairing: Repairing = { session, credential, writer, fence: holder.fence, onStep };
  try {
    await runDirectly(writer, () => carryOut(repairing, act, holder));
  } finally {
    await session.store.endRepair(holder);
  }
}

async function carryOut(repairing: Repairing, act: Fenced, holder: VersionRef): Promise<void> {
  const ref = 'version' in act ? { ...holder, number: act.version } : holder;
  switch (act.kind) {
    case 'record-end':
      return recordEnd(repairing, ref);
    case 'write-again':
      return writeAgain(repairing, ref);
    case 'deliver-again':
      return deliverAgain(repairing, ref);
    case 'remove-left-behind':
      return repairRun(repairing, ref).step('Remove what was left behind', delivery.removeLeftBehind(ref));
    case 'discard':
      return discard(repairing, ref);
    case 'retire':
      await verifyCurrent(repairing, holder);
      await retire(repairing, { current: holder, old: ref });
      return recordEnd(repairing, ref);
    case 'delete-orphan':
      await verifyCurrent(repairing, holder);
      return deleteOrphan(repairing, holder, act.id);
  }
}

async function retire(
  repairing: Repairing,
  { current, old }: { readonly current: VersionRef; readonly old: VersionRef },
) {
  const procedure = procedureOf(repairing);
  const { retiresUnseen = false } = policyOfRepair(repairing);
  const proof = (): Promise<void> => procedure.verify(repairRun(repairing, current), current);
  await procedure.retire(repairRun(repairing, current, { retiresUnseen, verify: proof }), old);
}

/** The end proof is the newest finding about its refusal, which the survey stored. */
async function recordEnd(repairing: Repairing, ref: VersionRef): Promise<void> {
  const { store } = repairing.session;
  const { state } = await store.read(ref);
  if (isLive(state)) await store.note(ref, { provider: 'refused' });
  await performCall(repairing, versions.recordEnd(ref));
}

async function writeAgain(repairing: Repairing, ref: VersionRef): Promise<void> {
  const { config } = repairing.session;
  const run = repairRun(repairing, ref);
  await run.check(`Version ${ref.number} is accepted`, procedureOf(repairing).accepts(ref));
  await run.step(`Write version ${ref.number} again`, engines[descriptorOf(config, ref.credential).engine].write(ref));
}

/** What the place held instead is not kept: nothing will put it back. */
async function deliverAgain(repairing: Repairing, ref: VersionRef): Promise<void> {
  const run = repairRun(repairing, ref);
  await run.check(`Version ${ref.number} is accepted`, procedureOf(repairing).accepts(ref));
  await run.step(`Deliver version ${ref.number} again`, delivery.deliver(ref));
  await run.step('Delete what was kept of what stood there', delivery.forgetEarlier(ref));
}

/** The version was never in force, and what the engine may hold was settled before. So it is discarded as in a roll back. */
async function discard(repairing: Repairing, ref: VersionRef): Promise<void> {
  const { store } = repairing.session;
  await performCall(repairing, versions.startDiscard(ref));
  if ((await store.read(ref)).engine === 'maybe') await store.note(ref, { engine: 'no' });
  await procedureOf(repairing).retire(repairRun(repairing, ref, { unused: true }), ref);
  await recordEnd(repairing, ref);
}

/** The whole proof that the current version is in force and works. A destruction requires it. */
async function verifyCurrent(repairing: Repairing, current: VersionRef): Promise<void> {
  const { usage, retiresUnseen = false } = policyOfRepair(repairing);
  const { resolutionMs = 0 } = usage ?? {};
  const run = repairRun(repairing, current, { retiresUnseen });
  if (resolutionMs > 0) {
    const wait = versions.letProbesPass({ version: current, resolutionMs });
    const options = { ...wait.options, attempts: 100, maximumInterval: '1 minute' } as const; // longer than any resolution
    await run.step('Wait until a use can be told from our own', { ...wait, options });
  }
  await procedureOf(repairing).verify(run, current);
  await run.check('The current value is seen in use', seen(run));
}

function deleteOrphan(repairing: Repairing, version: VersionRef, id: string): Promise<void> {
  const { session, credential } = repairing;
  const { provider } = descriptorOf(session.config, credential);
  const call: Call<void> = {
    activity: `${provider}.deleteOrphan`,
    args: [{ version, id }],
    options: { startToClose: '60 seconds', attempts: 5 }, // repeatable; then a person may run it again
  };
  repairing.onStep(`Delete ${id}`);
  return performCall(repairing, call);
}

function policyOfRepair({ session: { config }, credential }: Repairing) {
  return rotationPolicyOf(config, credential, descriptorOf(config, credential));
}

function procedureOf({ session, credential }: Repairing) {
  return workflowOf(session.config, credential).procedure;
}
