import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { progress } from '../../workflows/rotation/messages.js';
import type { Progress } from '../domain/rotation.js';

/** What a rotation says of itself: how far it is, or who does not answer. Neither when there is no rotation. */
export interface Sighting {
  readonly progress: Progress | null;
  readonly silent?: 'temporal' | 'worker';
}

const answerMs = 3_000; // a busy worker answers within a second; without one Temporal waits as long as it may

/** Asks a rotation, the running one with this workflow id or else the last, how far it is. */
export async function progressOf(client: Client, workflowId: string): Promise<Sighting> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    return { progress: await client.withDeadline(Date.now() + answerMs, () => handle.query(progress)) };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { progress: null };
    return { progress: null, silent: (await serverAnswers(client)) ? 'worker' : 'temporal' };
  }
}

const serverAnswerMs = 1_000; // it has nothing to wait for

/** The client tries again until its time is over, so an outage looks like a worker that takes too long. */
async function serverAnswers(client: Client): Promise<boolean> {
  try {
    await client.withDeadline(Date.now() + serverAnswerMs, () => client.workflowService.getSystemInfo({}));
    return true;
  } catch {
    return false;
  }
}

/** Whether a rotation has been started under this workflow id and not come to its end. */
export async function isRunning(client: Client, workflowId: string): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(workflowId).describe();
    return status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
