import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Client,
  isGrpcServiceError,
  ServiceError,
  WorkflowFailedError,
  type WorkflowHandle,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { RotationWorkflow } from '../../../workflows/rotation/define.js';
import type { RotationReport } from '../../domain/rotation.js';
import { rotationId } from '../../domain/temporal-names.js';
import { UserError } from '../../domain/user-error.js';
import { progressOf, type Sighting } from '../session/progress.js';
import type { Session } from '../session/session.js';

const pollMs = 150; // about the length of a step, so few are missed
const waitingPollMs = 1_000;
const outagePauseMs = 500;

/**
 * Watches the rotation of a credential to its end, through outages of server and workers. Yields its progress, and returns its report.
 * @throws UserError when it ended without a report: it could not begin, or it was ended from outside
 */
export async function* follow(
  { store }: Pick<Session, 'store'>,
  client: Client,
  credential: string,
): AsyncGenerator<Sighting, RotationReport> {
  const stopped = new AbortController();
  const workflowId = rotationId(store.installation, credential);
  const ending = reportOf(client.workflow.getHandle<RotationWorkflow>(workflowId), credential, stopped.signal);
  const end = ending.then(
    () => true,
    () => true,
  );
  try {
    for (let over = false; !over;) {
      const sighting = await progressOf(client, workflowId);
      yield sighting;
      over = await Promise.race([end, sleep(sighting.progress?.waiting ? waitingPollMs : pollMs, false)]);
    }
    yield await progressOf(client, workflowId);
    return await ending;
  } finally {
    stopped.abort();
  }
}

/** An outage ends the request for the result, so it is repeated until the rotation has ended. */
async function reportOf(
  handle: WorkflowHandle<RotationWorkflow>,
  credential: string,
  stopped: AbortSignal,
): Promise<RotationReport> {
  for (;;) {
    try {
      return await handle.result();
    } catch (error) {
      if (error instanceof WorkflowFailedError) throw withoutReport(credential, error);
      if (stopped.aborted || !(error instanceof ServiceError || isGrpcServiceError(error))) throw error;
      await sleep(outagePauseMs);
    }
  }
}

/** A workflow fails only before it has anything to undo. After that, its report says how it ended. */
function withoutReport(credential: string, { cause }: WorkflowFailedError): UserError {
  const reason = rootOf(cause);
  if (reason instanceof ApplicationFailure)
    return new UserError(`The rotation of ${credential} could not continue: ${reason.message}`, {
      state: 'It has ended, and it changed nothing outside.',
      next: `See its state: keyturn status ${credential}`,
    });
  return new UserError(`The rotation of ${credential} was ended from outside (${reason?.name ?? 'no reason given'})`, {
    state: 'Nothing was undone. The store knows what is live where.',
    next: `See its orphans: keyturn status ${credential}`,
  });
}

function rootOf(error: Error | undefined): Error | undefined {
  return error?.cause instanceof Error ? rootOf(error.cause) : error;
}
