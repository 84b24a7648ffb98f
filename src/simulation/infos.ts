import { TypedSearchAttributes } from '@temporalio/common';
import type { ActivityTask, Execution } from './execution.js';

const where = { taskQueue: 'keyturn', namespace: 'default' };

/** What a workflow knows about itself (`WorkflowInfo`). `at`: its start, Unix ms. */
export function workflowInfoOf({ workflowId, runId, type }: Execution, at: number) {
  const started = new Date(Math.floor(at));
  return {
    ...{ workflowId, runId, workflowType: type, firstExecutionRunId: runId, originalExecutionRunId: runId, attempt: 1 },
    ...{ searchAttributes: {}, typedSearchAttributes: new TypedSearchAttributes(), ...where },
    ...{ startTime: started, runStartTime: started, taskTimeoutMs: 10_000, historyLength: 0, historySize: 0 },
    ...{ continueAsNewSuggested: false, suggestedContinueAsNewReasons: [], currentBuildId: '' },
    targetWorkerDeploymentVersionChanged: false,
    unsafe: { now: () => Date.now(), isReplaying: false, isReplayingHistoryEvents: false },
  };
}

/** What an activity knows about itself (`activity.Info`). */
export function activityInfoOf({ execution, activity, attempt, scheduledAt, attemptScheduledAt }: ActivityTask) {
  const { workflowId, runId, type: workflowType } = execution;
  const { id: activityId, type: activityType, startToCloseMs, heartbeatMs } = activity;
  return {
    ...{ activityId, activityType, attempt, workflowType, workflowExecution: { workflowId, runId }, inWorkflow: true },
    ...{ isLocal: false, taskToken: new Uint8Array(), base64TaskToken: `${runId}/${activityId}/${attempt}` },
    ...{
      ...where,
      activityNamespace: where.namespace,
      workflowNamespace: where.namespace,
      heartbeatDetails: undefined,
    },
    scheduledTimestampMs: Math.floor(scheduledAt),
    currentAttemptScheduledTimestampMs: Math.floor(attemptScheduledAt),
    ...{ startToCloseTimeoutMs: startToCloseMs, scheduleToCloseTimeoutMs: 0, heartbeatTimeoutMs: heartbeatMs },
  };
}
