import { type Client, type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { progress } from '../../../workflows/rotation/messages.js';
import type { Progress } from '../../domain/rotation.js';

type Failure = temporal.api.failure.v1.IFailure;

/** The progress of a rotation, or which side does not answer. Neither when there is no rotation. */
export interface Sighting {
  readonly progress: Progress | null;
  readonly silent?: 'temporal' | 'worker';
  /** The step in progress takes longer than usual. */
  readonly slow?: Slow;
}

/** A step that takes longer than usual. */
export interface Slow {
  /** Unix ms of its first attempt. */
  readonly since: number;
  /** Counted from 1. */
  readonly attempt: number;
  /** How the attempt before ended, in our own words; null in the first. */
  readonly cause: string | null;
}

const answerMs = 3_000; // a busy worker answers within a second; without a worker Temporal waits until the deadline

/** Queries the progress of the running rotation with this workflow id, or else of the last one. */
export async function progressOf(client: Client, workflowId: string): Promise<Sighting> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    const seen = await client.withDeadline(Date.now() + answerMs, () => handle.query(progress));
    const slow = await slowStep(handle, seen);
    return { progress: seen, ...(slow && { slow }) };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { progress: null };
    return { progress: null, silent: (await serverAnswers(client)) ? 'worker' : 'temporal' };
  }
}

const usualMs = 3_000; // a step that takes longer is reported as slow

/** Temporal counts the attempts and keeps the failure of the last one. */
async function slowStep(handle: WorkflowHandle, { steps, waiting, outcome }: Progress): Promise<Slow | null> {
  const step = steps.findLast(({ state }) => state === 'running');
  if (!step || waiting || outcome !== null || Date.now() - step.startedAt < usualMs) return null;
  const { raw } = await handle.describe();
  const pending = (raw.pendingActivities ?? []).toSorted((a, b) => (b.attempt ?? 0) - (a.attempt ?? 0))[0];
  if (!pending) return null;
  return { since: step.startedAt, attempt: pending.attempt ?? 1, cause: causeOf(pending.lastFailure) };
}

/** Failures of activities hold only our own text. Those of Temporal itself are replaced by our text. */
function causeOf(failure: Failure | null | undefined): string | null {
  if (!failure) return null;
  if (failure.applicationFailureInfo) return failure.message ?? null;
  return failure.timeoutFailureInfo ? 'no answer in time' : 'it was interrupted';
}

const serverAnswerMs = 1_000; // this request needs no worker

/** The client retries until its deadline, so an outage looks like a worker that takes too long. */
async function serverAnswers(client: Client): Promise<boolean> {
  try {
    await client.withDeadline(Date.now() + serverAnswerMs, () => client.workflowService.getSystemInfo({}));
    return true;
  } catch {
    return false;
  }
}
