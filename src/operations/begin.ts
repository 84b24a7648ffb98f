import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, isGrpcServiceError, ServiceError } from '@temporalio/client';
import { type Duration, durationMs } from '../domain/duration.js';
import type { RotationInput, RotationRequest } from '../domain/rotation.js';
import { UserError } from '../domain/user-error.js';
import { knownCredential, workersOf } from './reach.js';
import { inputOf, type Session } from './session.js';
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
  /** Whether anybody is there to work on it. */
  readonly hasWorker: boolean;
}

const workerWaitMs = 3_000; // one that is just starting shows by then

/** Starts the rotation of a credential, or finds the one that is running. Throws a UsageError when there is no such credential. */
export async function begin(
  { config }: Session,
  client: Client,
  { credential, request, grace }: Beginning,
): Promise<Begun> {
  const descriptor = knownCredential(config, credential);
  const configured = inputOf(config, credential, request);
  const policy = grace === undefined ? configured.policy : { ...configured.policy, graceMs: durationMs(grace) };
  const input: RotationInput = { ...configured, policy };
  const { handle, isNew } = await startRotation(client, descriptor, input).catch(refuseUnprepared);
  return { workflowId: handle.workflowId, isNew, hasWorker: await waitForWorker(client) };
}

const invalidArgument = 3; // https://grpc.io/docs/guides/status-codes

/** A server that no worker of Keyturn has ever worked at does not know the search attributes of rotations. */
export function refuseUnprepared(error: unknown): never {
  const { cause } = error instanceof ServiceError ? error : {};
  if (!isGrpcServiceError(cause) || Number(cause.code) !== invalidArgument) throw error;
  throw new UserError('Temporal did not take the rotation: it was not prepared for Keyturn', {
    state: 'Nothing was started.',
    next: 'Run keyturn worker once, which adds the search attributes that rotations need; then try again.',
    cause: error,
  });
}

async function waitForWorker(client: Client): Promise<boolean> {
  for (const deadline = Date.now() + workerWaitMs; ; await sleep(200)) {
    if ((await workersOf(client)) > 0) return true;
    if (Date.now() > deadline) return false;
  }
}
