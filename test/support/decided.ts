import type { WorkflowHandle } from '@temporalio/client';
import type { DecisionRequest } from '../../src/domain/rotation.js';
import { decideOn } from '../../src/operations/rotate/steer.js';
import type { Store } from '../../src/store/store.js';
import { progress } from '../../workflows/rotation/messages.js';

/** Answers the question that a rotation asks at this moment, as a command does. */
export async function decided(
  store: Store,
  handle: WorkflowHandle,
  answer: Omit<DecisionRequest, 'question'>,
): Promise<void> {
  const { waiting, credential } = await handle.query(progress);
  await decideOn({ store }, handle, { ...answer, credential, question: waiting?.id ?? '' });
}
