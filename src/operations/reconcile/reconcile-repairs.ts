import { randomUUID } from 'node:crypto';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { toFailure } from '../../../activities/shared/to-failure.js';
import { seen } from '../../../workflows/rotation/define.js';
import { prove, retire } from '../../../workflows/rotation/phases.js';
import type { RotationRun } from '../../../workflows/rotation/run.js';
import { Exit } from '../../../workflows/rotation/step-failure.js';
import { delivery, deployment, versions } from '../../../workflows/systems.js';
import type { Call } from '../../domain/call.js';
import { UserError } from '../../domain/user-error.js';
import { isLive, type VersionRef } from '../../domain/version.js';
import type { Store } from '../../store/store.js';
import { type Part, partInProcess, perform, type Watcher } from '../session/in-process.js';
import type { Act, Repair } from './reconcile-differences.js';
import { Interrupted } from '../session/refusals.js';
import type { Session } from '../session/session.js';

export interface Reconciling extends Watcher {
  readonly session: Session;
  readonly client: Client;
  readonly credential: string;
  readonly actor: string;
  /** Called before a request that may take long. */
  readonly onAsking?: (what: string) => void;
}

/** Repairs one difference. The ledger has an entry before and one after; without the second one, the outcome is unknown. */
export async function repair(reconciling: Reconciling, wanted: Repair): Promise<void> {
  const { session, credential, actor } = reconciling;
  const entry = { credential, actor, title: `Reconcile: ${wanted.title}` };
  await session.store.record({ ...entry, event: 'started' });
  try {
    await makeRepair(reconciling, wanted);
  } catch (error) {
    await session.store.record({ ...entry, event: 'failed', detail: toFailure(error).message });
    throw error;
  }
  await session.store.record({ ...entry, event: 'succeeded' });
}

async function makeRepair(reconciling: Reconciling, act: Act): Promise<void> {
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
async function underFence(reconciling: Reconciling, act: Fenced): Promise<void> {
  const { session, credential, actor, signal } = reconciling;
  const writer = { workflowId: `reconcile/${credential}`, runId: randomUUID() };
  const holder = await session.store.beginRepair(credential, actor, writer);
  const repairing = { ...reconciling, writer };
  const run = partInProcess(repairing, holder);
  try {
    await carryOut(run, session.store, act);
  } catch (error) {
    if (signal?.aborted) throw await takenBack({ ...repairing, signal: new AbortController().signal }, run);
    throw error instanceof Exit ? stopped(error.message) : error;
  } finally {
    await session.store.endRepair(holder);
  }
}

async function carryOut(run: RotationRun, store: Store, act: Fenced): Promise<void> {
  const { next, definition } = run;
  const ref = 'version' in act ? { ...next, number: act.version } : next;
  switch (act.kind) {
    case 'record-end':
      return recordEnd(run, store, ref);
    case 'write-again':
      return run.during('confirm', async (steps) => {
        await steps.check(`Version ${ref.number} is accepted`, definition.procedure.accepts(ref));
        const write = run.engine.write?.(ref);
        if (!write) throw stopped('its engine needs a restart for that');
        await steps.step(`Write version ${ref.number} again`, write);
      });
    case 'deliver-again':
      return deliverAgain(run, ref);
    case 'remove-left-behind':
      return run.during('confirm', (steps) =>
        steps.step('Remove what was left behind', delivery.removeLeftBehind(ref)),
      );
    case 'discard':
      return discard(run, store, ref);
    case 'retire':
      await proveCurrent(run);
      return retire(run, { old: ref, proven: true });
    case 'delete-orphan':
      await proveCurrent(run);
      return run.during('close', (steps) => steps.step(`Delete ${act.id}`, deletionOf(run, act.id)));
  }
}

/** The end proof is the newest finding about its refusal, which the survey stored. */
async function recordEnd(run: RotationRun, store: Store, ref: VersionRef): Promise<void> {
  const { state } = await store.read(ref);
  if (isLive(state)) await store.note(ref, { provider: 'refused' });
  await run.during('close', (steps) => steps.step(`Record the end of version ${ref.number}`, versions.recordEnd(ref)));
}

/** What the place held instead is not kept: nothing will put it back. */
function deliverAgain(run: RotationRun, ref: VersionRef): Promise<void> {
  return run.during('confirm', async (steps) => {
    await steps.check(`Version ${ref.number} is accepted`, run.definition.procedure.accepts(ref));
    await steps.step(`Deliver version ${ref.number} again`, delivery.deliver(ref));
    await steps.step('Delete what was kept of what stood there', delivery.forgetEarlier(ref));
  });
}

/**
 * The version was never in force, and what the engine may hold was settled before. So it is discarded as in a roll back, without questions and
 * waits.
 */
async function discard(run: RotationRun, store: Store, ref: VersionRef): Promise<void> {
  run.mode = 'containing';
  await run.during('contain', async (steps) => {
    await steps.step(`Discard version ${ref.number}`, versions.startDiscard(ref));
    if ((await store.read(ref)).engine === 'maybe') await store.note(ref, { engine: 'no' });
    await run.definition.procedure.retire(steps, ref);
    if (run.delivers) await steps.step('Delete what was kept of the old value', delivery.forgetEarlier(ref));
    if (run.policy.environment)
      await steps.step('Delete what was kept of the environment file', deployment.forgetEarlier(ref));
  });
  await recordEnd(run, store, ref);
}

/** The whole proof that the current version is in force and works. A destruction requires it. */
function proveCurrent(run: RotationRun): Promise<void> {
  run.mode = 'committed';
  return run.during('proof', async (steps) => {
    await prove(steps);
    await steps.check('The current value is seen in use', seen(steps));
  });
}

function deletionOf({ next, definition }: RotationRun, id: string): Call<void> {
  return {
    activity: `${definition.descriptor.provider}.deleteOrphan`,
    args: [{ version: next, id }],
    options: { startToClose: '60 seconds', attempts: 5 }, // repeatable; then a person may run it again
  };
}

/** What was switched off to try whether the engine works without it is switched on again. */
async function takenBack(repairing: Part, { undo, pastNoReturn }: RotationRun): Promise<Interrupted> {
  for (const { title, call } of pastNoReturn ? [] : undo.toReversed()) {
    repairing.onStep?.(`Put back: ${title}`);
    await perform(repairing, call);
  }
  return new Interrupted(stoppedThere);
}

const stoppedThere = 'This repair stopped there; what it had done before is in the ledger.';

function stopped(what: string): UserError {
  return new UserError(what, { state: stoppedThere, next: 'Correct that, then run the same command again.' });
}
