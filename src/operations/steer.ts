import {
  type Client,
  type WorkflowHandle,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { decide, haste } from '../../workflows/rotation/messages.js';
import { type Duration, durationMs } from '../domain/duration.js';
import type { DecisionRequest, Waiting } from '../domain/rotation.js';
import { isWorkflowId, rotationId } from '../domain/temporal-names.js';
import { UserError } from '../domain/user-error.js';
import { progressOf } from './progress.js';
import { NotReachable } from './refusals.js';
import type { Session } from './session.js';

type Steered = Pick<Session, 'store'>;

const answerMs = 10_000; // with a worker at hand an answer takes milliseconds

/** A decision for what is asked now, or for the question that somebody has read. */
export interface Answer extends Omit<DecisionRequest, 'question'> {
  readonly credential: string;
  readonly question?: string;
}

/**
 * Answers a rotation that waits. `sent`: nobody answered in time, and it may still apply.
 * @throws UserError when the rotation does not take this decision, or none is running
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

/** Writes a decision down and tells the rotation. */
export async function decideOn(
  { store }: Steered,
  handle: WorkflowHandle,
  { credential, ...request }: Answer & Pick<DecisionRequest, 'question'>,
): Promise<void> {
  const { workflowId } = handle;
  const wish = await store.wish({ for: 'decision', credential, workflowId, ...request });
  await handle.executeUpdate(decide, { args: [{ ...request, wish }] });
}

/** Writes down that a wait is to last longer, by so many milliseconds, or to end now (null), and tells the rotation. */
export async function hasten(
  { store }: Steered,
  handle: WorkflowHandle,
  { credential, actor, byMs }: Steering & { readonly byMs: number | null },
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

/** Of whoever holds the open rotation, which may be a containment. */
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

/** Which question a rotation asks right now. What asks nothing says so itself. */
async function askedBy(client: Client, { workflowId }: WorkflowHandle, credential: string): Promise<string> {
  const { progress, silent } = await progressOf(client, workflowId);
  if (silent) throw noWorker(credential);
  return progress?.waiting?.id ?? '';
}

/** Who sends a message to which rotation. */
export interface Steering {
  readonly credential: string;
  readonly actor: string;
}

/** Ends the grace in progress, and returns when it would have ended (Unix ms). */
export async function endGrace(session: Steered, client: Client, { credential, actor }: Steering): Promise<number> {
  const handle = await handleOf(session, client, credential);
  const { until } = await grace(client, handle, credential);
  const wanted = { credential, actor, byMs: null };
  await send(client, { credential, what: 'end-grace' }, () => hasten(session, handle, wanted));
  return until;
}

/** Moves the end of the grace in progress, and returns when it ends now (Unix ms). */
export async function extendGraceBy(
  session: Steered,
  client: Client,
  { credential, actor, duration }: Steering & { readonly duration: Duration },
): Promise<number> {
  const handle = await handleOf(session, client, credential);
  const { until } = await grace(client, handle, credential);
  const byMs = durationMs(duration);
  const wanted = { credential, actor, byMs };
  await send(client, { credential, what: 'extend-grace' }, () => hasten(session, handle, wanted));
  return until + byMs;
}

/** Somebody who asks for it outside of a grace hears where the rotation is instead. */
async function grace(
  client: Client,
  { workflowId }: WorkflowHandle,
  credential: string,
): Promise<Waiting & { readonly until: number }> {
  const { progress, silent } = await progressOf(client, workflowId);
  if (silent) throw noWorker(credential);
  const waiting = progress?.waiting;
  if (!progress || progress.outcome !== null) throw notRunning(credential);
  if (waiting && (waiting.for === 'grace' || waiting.for === 'pause') && waiting.until !== undefined)
    return { ...waiting, until: waiting.until };
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
  return new NotReachable(`Nobody works on the rotation of ${credential}, so it cannot say where it stands`, {
    state: 'Nothing was sent.',
    next: 'Start what works on rotations, keyturn up or keyturn worker; then send it again.',
  });
}

function notTaken({ credential, what }: Sending, { cause }: WorkflowUpdateFailedError): UserError {
  return new UserError(`${credential} does not take ${what}: ${cause?.message ?? 'it refused'}`, {
    state: 'Nothing was decided; the rotation is as before.',
    next: `See what it waits for, and what is possible: keyturn status ${credential}`,
  });
}
