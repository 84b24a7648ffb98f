import {
  type Client,
  type WorkflowHandle,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { decide, haste } from '../../../workflows/rotation/messages.js';
import type { DecisionRequest } from '../../domain/rotation.js';
import { isWorkflowId, rotationId } from '../../domain/temporal-names.js';
import { UserError } from '../../domain/user-error.js';
import { progressOf } from '../session/progress.js';
import { NotReachable } from '../session/refusals.js';
import type { Session } from '../session/session.js';

type Steered = Pick<Session, 'store'>;

const answerMs = 10_000; // with a running worker an answer takes milliseconds

/** A decision for the given question, or for the one that is asked now. */
export interface Answer extends Omit<DecisionRequest, 'question'> {
  readonly credential: string;
  readonly question?: string;
}

/**
 * Answers a rotation that waits. `sent`: no worker answered in time, and the decision may still apply.
 * @throws UserError when the rotation refuses this decision, or none is running
 */
export async function answerRotation(
  session: Steered,
  client: Client,
  { credential, ...answer }: Answer,
): Promise<'taken' | 'sent'> {
  const handle = await handleOf(session, client, credential);
  const question = answer.question ?? (await askedBy(client, handle, credential));
  return send(client, { credential, what: `"${answer.decision}"` }, () =>
    decideOn(session, handle, { credential, ...answer, question }),
  );
}

/** Records a decision and sends it to the rotation. */
export async function decideOn(
  { store }: Steered,
  handle: WorkflowHandle,
  { credential, ...request }: Answer & Pick<DecisionRequest, 'question'>,
): Promise<void> {
  const { workflowId } = handle;
  const wish = await store.wish({ for: 'decision', credential, workflowId, ...request });
  await handle.executeUpdate(decide, { args: [{ ...request, wish }] });
}

interface Hastening {
  readonly credential: string;
  readonly actor: string;
  readonly byMs: number | null;
}

/** Records that a wait lasts `byMs` milliseconds longer, or ends now (null), and tells the rotation. */
export async function hasten(
  { store }: Steered,
  handle: WorkflowHandle,
  { credential, actor, byMs }: Hastening,
): Promise<void> {
  const { workflowId } = handle;
  const wish = await store.wish({ for: 'haste', credential, workflowId, actor, byMs });
  await handle.executeUpdate(haste, { args: [{ wish }] });
}

interface Sending {
  readonly credential: string;
  /** For people. */
  readonly what: string;
}

/** The workflow that holds the open rotation, which may be a containment. */
async function handleOf({ store }: Steered, client: Client, credential: string): Promise<WorkflowHandle> {
  const holder = (await store.rotations(credential)).find(({ closedAt }) => closedAt === null)?.workflowId ?? '';
  return client.workflow.getHandle(isWorkflowId(holder) ? holder : rotationId(store.installation, credential));
}

async function send(
  client: Client,
  { credential, what }: Sending,
  update: () => Promise<void>,
): Promise<'taken' | 'sent'> {
  try {
    await client.withDeadline(Date.now() + answerMs, update);
    return 'taken';
  } catch (error) {
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return 'sent';
    if (error instanceof WorkflowNotFoundError) throw notRunning(credential);
    if (error instanceof WorkflowUpdateFailedError) throw notTaken({ credential, what }, error);
    throw error;
  }
}

/** The id of the question that a rotation asks now; empty when it asks none, and then it refuses the answer. */
async function askedBy(client: Client, { workflowId }: WorkflowHandle, credential: string): Promise<string> {
  const { progress, silent } = await progressOf(client, workflowId);
  if (silent) throw noWorker(credential);
  return progress?.waiting?.id ?? '';
}

/** Moves the end of the grace in progress, and returns when it ends now (Unix ms). Ended now: when it would have ended. */
export async function moveGrace(session: Steered, client: Client, wanted: Hastening): Promise<number> {
  const { credential, byMs } = wanted;
  const handle = await handleOf(session, client, credential);
  const until = await endOfGrace(client, handle, credential);
  const what = byMs === null ? 'end-grace' : 'extend-grace';
  await send(client, { credential, what }, () => hasten(session, handle, wanted));
  return until + (byMs ?? 0);
}

/** Unix ms. Outside of a grace, the error says in which phase the rotation is. */
async function endOfGrace(client: Client, { workflowId }: WorkflowHandle, credential: string): Promise<number> {
  const { progress, silent } = await progressOf(client, workflowId);
  if (silent) throw noWorker(credential);
  const waiting = progress?.waiting;
  if (!progress || progress.outcome !== null) throw notRunning(credential);
  if (waiting && (waiting.for === 'grace' || waiting.for === 'pause') && waiting.until !== undefined)
    return waiting.until;
  throw new UserError(`${credential} is not in its grace`, {
    state: `Nothing was sent. Its rotation is in the phase ${progress.phase}.`,
    next: `See how far it is: keyturn status ${credential} --follow`,
  });
}

function notRunning(credential: string): UserError {
  return new UserError(`No rotation of ${credential} is running`, {
    state: 'Nothing was sent.',
    next: `See what happened to it: keyturn status ${credential}`,
  });
}

function noWorker(credential: string): UserError {
  return new NotReachable(`No worker is running for the rotation of ${credential}, so its progress is unknown`, {
    state: 'Nothing was sent.',
    next: 'Start a worker with keyturn up or keyturn worker; then run the same command again.',
  });
}

function notTaken({ credential, what }: Sending, { cause }: WorkflowUpdateFailedError): UserError {
  return new UserError(`The rotation of ${credential} refused ${what}: ${cause?.message ?? 'no reason given'}`, {
    state: 'Nothing was decided; the rotation is as before.',
    next: `See what it does and what it waits for: keyturn status ${credential}`,
  });
}
