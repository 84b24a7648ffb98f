import type { Client } from '@temporalio/client';
import { isInEnvironment } from '../../config/policy.js';
import type { EngineSurvey, ProviderSurvey } from '../../../activities/shared/survey.js';
import type { Call } from '../../domain/call.js';
import { rotationId } from '../../domain/temporal-names.js';
import type { RotationRow } from '../../store/records.js';
import { deliveredTo } from '../rotate/delivery-status.js';
import { explain } from '../session/explain.js';
import { perform } from '../session/in-process.js';
import { executionOf, whyOrphaned } from '../session/orphaned-rotations.js';
import { progressOf } from '../session/progress.js';
import { knownCredential } from '../session/reach.js';
import { Interrupted } from '../session/refusals.js';
import { type Difference, difference, differencesIn, type Repair, repairBy } from './reconcile-differences.js';
import { type Reconciling, repair } from './reconcile-repairs.js';
import type { Session } from '../session/session.js';

export interface Reconciliation {
  readonly credential: string;
  /** The differences before any repair. */
  readonly differences: readonly Difference[];
  /** Titles of the repairs made. */
  readonly repaired: readonly string[];
  /** Repairs that did not succeed, with the reason. */
  readonly failed: readonly { readonly title: string; readonly why: string }[];
  /** The differences that are left, including those whose repair nobody consented to. */
  readonly remaining: readonly Difference[];
  /** A rotation is in progress, so engine and provider were not compared. */
  readonly rotating: boolean;
  /** Rotations may begin: a restored backup no longer blocks them. */
  readonly reconciled: boolean;
}

/** Asks a person. Never called twice for the same repair. */
export type Consent = (difference: Difference & { readonly repair: Repair }) => Promise<boolean>;

/**
 * Compares what store, provider, engine and Temporal say about one credential. Changes nothing there; findings go to the store.
 * @throws UsageError when there is no such credential; toFailure's failures when a system cannot be asked
 */
async function differencesOf(reconciling: Reconciling): Promise<Difference[]> {
  const { session, client, credential, onAsking } = reconciling;
  onAsking?.('Store, provider, engine and Temporal are compared');
  const { engine, provider } = knownCredential(session.config, credential);
  const open = (await session.store.rotations(credential)).find(({ closedAt }) => closedAt === null);
  const rotation = await rotationDifferences(session, client, { credential, open });
  if (open && rotation.length === 0)
    return [
      difference(inProgress, {
        store: `version ${open.version} is being made`,
        temporal: 'runs',
        next: `See how far it is: keyturn status ${credential}`,
      }),
    ];
  const surveyed = await Promise.all([
    surveyOf<ProviderSurvey>(reconciling, provider),
    surveyOf<EngineSurvey>(reconciling, isInEnvironment(session.config, credential) ? 'deployment' : engine),
  ]);
  const { store } = session;
  const facts = {
    ...{ credential, provider: surveyed[0], engine: surveyed[1], now: Date.now() },
    versions: await store.versions(credential),
    intents: await store.intents(credential),
    delivered: await deliveredTo(session, credential),
  };
  const others = differencesIn(facts);
  return [...rotation, ...(open ? others.map(afterClosing) : others)];
}

const inProgress = 'A rotation is in progress, so engine and provider were not compared';

function isRotating(differences: readonly Difference[]): boolean {
  return differences.some(({ what }) => what === inProgress);
}

/** Repairs nothing. */
export async function look(reconciling: Reconciling): Promise<Reconciliation> {
  const differences = await differencesOf(reconciling);
  const found = { differences, remaining: differences, rotating: isRotating(differences) };
  return { credential: reconciling.credential, ...found, repaired: [], failed: [], reconciled: false };
}

/** Shows every difference to `consent`, also those that a repair brings to light, and makes the repairs that it agrees to. */
export async function reconcile(reconciling: Reconciling, consent: Consent): Promise<Reconciliation> {
  const { session, credential, actor } = reconciling;
  const differences = await differencesOf(reconciling);
  const repaired: string[] = [];
  const failed: { title: string; why: string }[] = [];
  const asked = new Set<string>();
  let remaining = differences;
  for (;;) {
    const next = remaining.find(
      (each): each is Difference & { repair: Repair } => each.repair !== null && !asked.has(each.repair.title),
    );
    if (!next) break;
    const { title } = next.repair;
    asked.add(title); // one question for each repair, whatever its result
    if (!(await consent(next))) continue;
    const why = await whyNot(repair(reconciling, next.repair));
    if (why === null) repaired.push(title);
    else failed.push({ title, why });
    remaining = await differencesOf(reconciling);
  }
  const rotating = isRotating(remaining);
  const reconciled = !rotating && !remaining.some(({ repair: left }) => left !== null && blocksRotation(left));
  if (reconciled) await session.store.confirmReconciled(credential, actor);
  return { credential, differences, repaired, failed, remaining, rotating, reconciled };
}

/** A repair that fails does not stop the others. */
async function whyNot(repairing: Promise<void>): Promise<string | null> {
  return repairing.then(
    () => null,
    (error: unknown) => {
      if (error instanceof Interrupted) throw error;
      return explain(error).what;
    },
  );
}

/** A rotation may begin beside orphans, but not while the store is wrong about what is in force. */
function blocksRotation({ kind }: Repair): boolean {
  return ['close-rotation', 'end-workflow', 'record-end', 'write-again', 'deliver-again'].includes(kind);
}

async function rotationDifferences(
  { store }: Session,
  client: Client,
  { credential, open }: { readonly credential: string; readonly open: RotationRow | undefined },
): Promise<Difference[]> {
  if (!open) return unknownWorkflow(client, rotationId(store.installation, credential));
  const why = await whyOrphaned(client, open);
  if (why === null) return [];
  return [
    difference('A rotation is open in the store, and its workflow is gone', {
      store: `opened at ${new Date(open.openedAt).toISOString()} by ${open.request.actor}, for version ${open.version}`,
      temporal: why,
      repair: repairBy(
        { kind: 'close-rotation', rotation: open, why },
        'Close the rotation in the store as abandoned; its orphans stay listed',
      ),
    }),
  ];
}

/** A workflow that was just started has not opened its rotation yet. One that has, while the store has none open, lost its fence. */
async function unknownWorkflow(client: Client, workflowId: string): Promise<Difference[]> {
  const execution = await executionOf(client, workflowId);
  if (execution?.status !== 'RUNNING') return [];
  const { progress } = await progressOf(client, workflowId);
  if (progress && progress.next === null) return [];
  const what = 'A workflow rotates it, but the store does not know that rotation';
  const temporal = `run ${execution.runId}${progress ? `, at version ${progress.next}` : ''}`;
  if (!progress)
    return [
      difference(what, { temporal, next: 'No worker answers for it: start one, then run keyturn reconcile again.' }),
    ];
  return [
    difference(what, {
      ...{ store: 'no rotation is open', temporal },
      repair: repairBy(
        { kind: 'end-workflow', workflowId, runId: execution.runId },
        'End the workflow; the store already refuses its writes',
      ),
    }),
  ];
}

/** The rotation is closed first, then everything is compared again. */
function afterClosing(each: Difference): Difference {
  return {
    ...each,
    repair: null,
    next: each.repair === null ? each.next : 'Compared again after the rotation is closed.',
  };
}

function surveyOf<T>({ credential, ...reconciling }: Reconciling, system: string): Promise<T> {
  const writer = { workflowId: `reconcile/${credential}`, runId: '' };
  const call: Call<T> = {
    activity: `${system}.survey`,
    args: [credential],
    options: { startToClose: '60 seconds', attempts: 5 }, // a person waits, and may run it again
  };
  return perform({ ...reconciling, writer }, call);
}
