import {
  continueAsNew,
  ParentClosePolicy,
  proxyActivities,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { TypedSearchAttributes, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { SchedulesActivities } from '../activities/schedules/activities.js';
import type { Beginning, ScheduledInput, ScheduledReport } from '../src/domain/schedule.js';
import { rotationAttributes } from './search-attributes.js';

const activities = proxyActivities<{
  'schedules.mayBegin': SchedulesActivities['mayBegin'];
  'schedules.recordSkipped': SchedulesActivities['recordSkipped'];
}>({
  startToCloseTimeout: '15 seconds', // a few reads of our own store, which waits a second for its lock
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' }, // retries forever: a due rotation stays due while the store is unreachable
});

/**
 * The workflow that a schedule starts, because a schedule cannot start a workflow with a fixed id. It waits for the window and for a
 * free slot, starts the rotation under the credential's id, and ends. The rotation continues without it. When the rotation is skipped,
 * it records the reason.
 */
export async function scheduledRotation({ credential, asked }: ScheduledInput): Promise<ScheduledReport> {
  for (;;) {
    const subject = { credential, now: Date.now(), ...(asked && { asked }) };
    const next = await activities['schedules.mayBegin'](subject);
    if (next.verdict === 'wait') {
      await sleep(Math.max(next.until - Date.now(), 1), { summary: next.why });
      if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof scheduledRotation>(subject);
      continue;
    }
    const why = next.verdict === 'skip' ? next.why : await begin(credential, next.begin);
    if (why === null) return { outcome: 'begun' };
    await activities['schedules.recordSkipped']({ credential, why });
    return { outcome: 'skipped', why };
  }
}

/** Starts the rotation. Returns why it could not. */
async function begin(credential: string, beginning: Beginning): Promise<string | null> {
  const { workflow, workflowId, input, section, ...systems } = beginning;
  try {
    await startChild(workflow, {
      workflowId,
      args: [input],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `${section}: ${credential}`,
      staticDetails: `schedule: ${input.request.reason}`,
      typedSearchAttributes: new TypedSearchAttributes(rotationAttributes(systems, input)),
    });
    return null;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return 'another rotation of it has just begun';
  }
}
