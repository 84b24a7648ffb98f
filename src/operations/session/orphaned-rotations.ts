import { type Client, type WorkflowExecutionStatusName, WorkflowNotFoundError } from '@temporalio/client';
import { isWorkflowId } from '../../domain/temporal-names.js';
import type { RotationRow } from '../../store/records.js';
import type { Store } from '../../store/store.js';

/** A rotation that is open in the store while nothing in Temporal will ever close it. */
export interface OrphanedRotation {
  readonly rotation: RotationRow;
  /** What Temporal says instead, for a person. */
  readonly temporal: string;
}

interface Execution {
  readonly runId: string;
  readonly status: WorkflowExecutionStatusName;
}

/** Every rotation whose workflow is gone. `up` and `worker` report them when they start; `keyturn reconcile` closes them. */
export async function findOrphanedRotations(
  { store }: { readonly store: Store },
  client: Client,
): Promise<OrphanedRotation[]> {
  const open = (await store.rotations()).filter(({ closedAt }) => closedAt === null);
  const seen = await Promise.all(
    open.map(async (rotation) => ({ rotation, temporal: await whyOrphaned(client, rotation) })),
  );
  return seen.filter((each): each is OrphanedRotation => each.temporal !== null);
}

/** Null while the run that holds the fence is running, or has continued as a new run. */
export async function whyOrphaned(client: Client, { workflowId, runId }: RotationRow): Promise<string | null> {
  if (!isWorkflowId(workflowId)) return whyNoWorkflow(workflowId);
  const holder = await executionOf(client, workflowId, runId);
  if (holder?.status === 'RUNNING') return null;
  const latest = await executionOf(client, workflowId);
  const running = latest?.status === 'RUNNING';
  if (holder?.status === 'CONTINUED_AS_NEW' && running) return null;
  const ended = holder ? `its run is ${spoken(holder.status)}` : 'Temporal does not know its run';
  return running ? `${ended}, and another run is running (${latest.runId})` : ended;
}

function whyNoWorkflow(workflowId: string): string {
  return workflowId.startsWith('direct/')
    ? 'a direct emergency held it, and did not end'
    : 'it was opened for repairs, which did not end';
}

/** The newest execution with this id, or the one with this run id; null when Temporal does not know it. */
export async function executionOf(client: Client, workflowId: string, runId?: string): Promise<Execution | null> {
  try {
    const { runId: found, status } = await client.workflow.getHandle(workflowId, runId).describe();
    return { runId: found, status: status.name };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/** Whether a workflow with this id is running. */
export async function isRunning(client: Client, workflowId: string): Promise<boolean> {
  return (await executionOf(client, workflowId))?.status === 'RUNNING';
}

function spoken(status: WorkflowExecutionStatusName): string {
  return status.toLowerCase().replaceAll('_', ' ');
}
