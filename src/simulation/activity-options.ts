import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import type { coresdk, temporal } from '@temporalio/proto';
import type { Activity } from './execution.js';

/** An activity as the workflow's command describes it, before its first attempt. `now`: server time, Unix ms. */
export function newActivity(command: coresdk.workflow_commands.IScheduleActivity, now: number): Activity {
  const { seq, activityId, activityType, headers, startToCloseTimeout, heartbeatTimeout, retryPolicy } = command;
  return {
    ...{ seq: seq ?? 0, id: activityId ?? '', type: activityType ?? '', args: command.arguments ?? [] },
    ...{ headers: headers ?? {}, retry: retriesOf(retryPolicy ?? {}) },
    startToCloseMs: optionalTsToMs(startToCloseTimeout) ?? Number.POSITIVE_INFINITY,
    heartbeatMs: optionalTsToMs(heartbeatTimeout),
    ...{ scheduledAt: now, attempt: 1, attemptScheduledAt: now, state: 'waiting', cancelRequested: false },
    ...{ alarms: [], heartbeat: null },
  };
}

/**
 * The server's defaults for what is left out: 1 s at first, doubled each time, at most 100 times the first, no limit on
 * attempts.
 */
function retriesOf(policy: temporal.api.common.v1.IRetryPolicy): Activity['retry'] {
  const initialMs = optionalTsToMs(policy.initialInterval) ?? 1_000;
  return {
    ...{ initialMs, factor: policy.backoffCoefficient || 2 },
    attempts: policy.maximumAttempts || Number.POSITIVE_INFINITY, // 0 stands for no limit
    maximumMs: optionalTsToMs(policy.maximumInterval) ?? initialMs * 100,
  };
}
