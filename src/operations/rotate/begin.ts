import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, isGrpcServiceError, ServiceError } from '@temporalio/client';
import { rotationPolicyOf } from '../../config/policy.js';
import { type Duration, durationMs, formatDuration } from '../../domain/duration.js';
import type { RotationRequest } from '../../domain/rotation.js';
import { taskQueueOf } from '../../domain/temporal-names.js';
import { UserError } from '../../domain/user-error.js';
import { knownCredential, requireAdopted, workersOf } from '../session/reach.js';
import { UsageError } from '../session/refusals.js';
import { type Session } from '../session/session.js';
import { inputOf } from '../../../workers/compose.js';
import { startRotation } from './start-rotation.js';

export interface Beginning {
  readonly credential: string;
  readonly request: RotationRequest;
  /** Instead of the configuration's. */
  readonly grace?: Duration;
}

export interface Begun {
  readonly workflowId: string;
  /** False when a rotation of this credential was running already. */
  readonly isNew: boolean;
  /** Whether a worker is running that can take it. */
  readonly hasWorker: boolean;
}

const workerWaitMs = 3_000; // a worker that is just starting is seen by then

/** Starts the rotation of a credential, or finds the one that is running. Throws a UsageError when there is no such credential. */
export async function begin(
  { config, store }: Session,
  client: Client,
  { credential, request, grace }: Beginning,
): Promise<Begun> {
  const descriptor = knownCredential(config, credential);
  requireAdopted(descriptor, credential, (await store.preview(credential)).current);
  const { graceMs: configuredMs, drainMs = 0 } = rotationPolicyOf(config, credential, descriptor);
  const graceMs = grace === undefined ? undefined : durationMs(grace);
  requireGrace(graceMs ?? configuredMs, drainMs);
  const { handle, isNew } = await startRotation({ config, store }, client, {
    ...inputOf(credential, request),
    ...(graceMs !== undefined && { graceMs }),
  }).catch(refuseUnprepared);
  return {
    workflowId: handle.workflowId,
    isNew,
    hasWorker: await waitForWorker(client, taskQueueOf(store.installation)),
  };
}

function requireGrace(graceMs: number, shortestMs: number): void {
  if (graceMs >= shortestMs) return;
  throw new UsageError(`A grace of ${formatDuration(graceMs)} is too short`, {
    state: `Nothing was started. Tokens live for ${formatDuration(shortestMs)}, and the old key may not end before they do.`,
    next: `Give at least --grace "${formatDuration(shortestMs)}".`,
  });
}

const invalidArgument = 3; // https://grpc.io/docs/guides/status-codes

/** A server on which no worker of Keyturn ever ran does not know the search attributes of rotations. */
export function refuseUnprepared(error: unknown): never {
  const { cause } = error instanceof ServiceError ? error : {};
  if (!isGrpcServiceError(cause) || Number(cause.code) !== invalidArgument) throw error;
  throw new UserError('Temporal refused the rotation: the server was not prepared for Keyturn', {
    state: 'Nothing was started.',
    next: 'Run keyturn worker once, which adds the search attributes that rotations need; then try again.',
    cause: error,
  });
}

async function waitForWorker(client: Client, taskQueue: string): Promise<boolean> {
  for (const deadline = Date.now() + workerWaitMs; ; await sleep(200)) {
    if ((await workersOf(client, taskQueue)) > 0) return true;
    if (Date.now() > deadline) return false;
  }
}
