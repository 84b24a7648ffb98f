import type { WorkflowHandle } from '@temporalio/client';
import type { DecisionRequest } from '../../src/domain/rotation.js';
import { decide, progress } from '../../workflows/rotation/messages.js';

/** Answers what a rotation asks at this moment. */
export async function decided(handle: WorkflowHandle, answer: Omit<DecisionRequest, 'question'>): Promise<void> {
  const { waiting } = await handle.query(progress);
  await handle.executeUpdate(decide, { args: [{ ...answer, question: waiting?.id ?? '' }] });
}
