import { type Client, WorkflowExecutionAlreadyStartedError, type WorkflowHandle } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import type { RotationWorkflow } from '../../workflows/rotation/define.js';
import { emergencyPriority } from '../../workflows/rotation/world.js';
import { rotationAttributes } from '../../workflows/search-attributes.js';
import type { ProcedureDescriptor } from '../domain/procedure.js';
import type { RotationInput } from '../domain/rotation.js';

/** Served by every worker. */
export const taskQueue = 'keyturn';

/** One workflow id per credential is what keeps two rotations of it apart in Temporal. */
export function rotationId(credential: string): string {
  return `rotation/${credential}`;
}

/** Stands beside a rotation that does not acknowledge an emergency. */
export function containmentId(credential: string): string {
  return `containment/${credential}`;
}

export interface Started {
  readonly handle: WorkflowHandle<RotationWorkflow>;
  /** False when a rotation of this credential was running already: the handle is of that one. */
  readonly isNew: boolean;
}

/** Starts the rotation of a credential, or finds the one that is running. */
export async function startRotation(
  client: Client,
  descriptor: ProcedureDescriptor,
  input: RotationInput,
): Promise<Started> {
  const options = startOptions(descriptor, input, rotationId(input.credential));
  try {
    const handle = await client.workflow.start<RotationWorkflow>(descriptor.workflow, {
      ...options,
      workflowIdConflictPolicy: 'FAIL',
    });
    return { handle, isNew: true };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return { handle: client.workflow.getHandle<RotationWorkflow>(options.workflowId), isNew: false };
  }
}

/** How a rotation is shown to whoever lists workflows. */
export function startOptions(descriptor: ProcedureDescriptor, input: RotationInput, workflowId: string) {
  const { credential, request } = input;
  return {
    ...{ workflowId, taskQueue, args: [input] as [RotationInput] },
    ...(request.trigger === 'emergency' && { priority: emergencyPriority }),
    staticSummary: `${descriptor.section}: ${credential}`,
    staticDetails: `${request.trigger} by ${request.actor}: ${request.reason}`,
    typedSearchAttributes: new TypedSearchAttributes(rotationAttributes(descriptor, input)),
  };
}
