import { type Client, WorkflowExecutionAlreadyStartedError, type WorkflowHandle } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import type { RotationWorkflow } from '../../../workflows/rotation/define.js';
import { emergencyPriority } from '../../../workflows/rotation/runtime.js';
import { rotationAttributes } from '../../../workflows/search-attributes.js';
import { descriptorOf } from '../../../workers/descriptor.js';
import type { RotationInput } from '../../domain/rotation.js';
import { containmentId, emergencyQueueOf, rotationId, taskQueueOf } from '../../domain/temporal-names.js';
import type { Session } from '../session/session.js';

type Starting = Pick<Session, 'config' | 'store'>;

export interface Started {
  readonly handle: WorkflowHandle<RotationWorkflow>;
  /** False when a rotation of this credential was running already: the handle is of that one. */
  readonly isNew: boolean;
}

/** The input of a rotation, and the grace to use instead of the configured one, in milliseconds. */
export interface RotationStart extends RotationInput {
  readonly graceMs?: number;
}

/** Records the request for a rotation and starts it, or finds the one that is running. */
export async function startRotation(
  session: Starting,
  client: Client,
  { graceMs, ...input }: RotationStart,
): Promise<Started> {
  const { store } = session;
  const { credential, request } = input;
  const workflowId = rotationId(store.installation, credential);
  const grace = graceMs === undefined ? {} : { graceMs };
  const wish = await store.wish({ for: 'rotation', credential, workflowId, ...request, ...grace });
  const { workflow, ...options } = startOptions(session, { ...input, wish });
  try {
    const handle = await client.workflow.start<RotationWorkflow>(workflow, {
      ...options,
      workflowIdConflictPolicy: 'FAIL',
    });
    return { handle, isNew: true };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    await store.withdrawWish(wish);
    return { handle: client.workflow.getHandle<RotationWorkflow>(options.workflowId), isNew: false };
  }
}

/** How a rotation is started, and how Temporal lists it. A containment runs beside another rotation. */
export function startOptions(
  { config, store: { installation } }: Starting,
  input: RotationInput,
  as: 'rotation' | 'containment' = 'rotation',
) {
  const { credential, request } = input;
  const descriptor = descriptorOf(config, credential);
  const taskQueue = taskQueueOf(installation);
  const place =
    as === 'rotation'
      ? { workflowId: rotationId(installation, credential), taskQueue }
      : { workflowId: containmentId(installation, credential), taskQueue: emergencyQueueOf(taskQueue) };
  return {
    ...{ ...place, workflow: descriptor.workflow, args: [input] as [RotationInput] },
    ...(request.trigger === 'emergency' && { priority: emergencyPriority }),
    staticSummary: `${descriptor.section}: ${credential}`,
    staticDetails: `${request.trigger} by ${request.actor}: ${request.reason}`,
    typedSearchAttributes: new TypedSearchAttributes(rotationAttributes(descriptor, input)),
  };
}
