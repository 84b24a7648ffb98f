import {
  ActivityCancellationType,
  CancellationScope,
  condition,
  continueAsNew,
  log,
  metricMeter,
  proxyActivities,
  upsertSearchAttributes,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import { type Call, versionOf } from '../../src/domain/call.js';
import type { Phase, RotationInput } from '../../src/domain/rotation.js';
import { emergencyQueueOf } from '../../src/domain/temporal-names.js';
import { keyturnEmergency, keyturnNeedsOperator, keyturnPhase } from '../search-attributes.js';
import type { StepContext } from '../../src/domain/step-context.js';
import { currentStep } from './step-context.js';

/** Ahead of every other task at the server. */
export const emergencyPriority = { priorityKey: 1 } as const;

/** What differs between a rotation in Temporal, a planned one, and one in the caller's process. */
export interface Runtime {
  execute<R>(call: Call<R>, step: Omit<StepContext, 'version'>): Promise<R>;
  now(): number;
  /** Never the same twice. Left out where nobody answers questions. */
  newId?(): string;
  /** Resolves when `wake` is true or, with a deadline (Unix ms), when that has come. */
  wait(wake: () => boolean, deadline?: number): Promise<void>;
  /** Search attributes, for lists of workflows. */
  show(facts: { readonly phase?: Phase; readonly needsOperator?: boolean; readonly emergency?: boolean }): void;
  /** Calls for a person in the workers' log and metrics; null when nobody is needed any more. Left out where nobody would come. */
  alert?(credential: string, why: string | null): void;
  /** Whether the calling part of the rotation is cancelled. Left out where nothing is cancelled. */
  calledOff?(): boolean;
  /** Cancels work that takes longer. Left out where nothing takes time. */
  within?<T>(ms: number, work: () => Promise<T>): Promise<T>;
  /** Whether the history is long enough for a new run. Left out where there is no history. */
  isFull?(): boolean;
  /** Ends this run and continues in a new one, so that a long wait never depends on an old history. Left out where nothing waits. */
  park?(input: RotationInput): Promise<never>;
}

/** The runtime inside a workflow: every call becomes an activity. */
export function temporalRuntime(timing: RotationInput['timing']): Runtime & Required<Pick<Runtime, 'park'>> {
  return {
    execute: (call, step) =>
      currentStep.run({ ...step, version: versionOf(call)?.number ?? null }, () =>
        schedule(call, step, timing.heartbeatMs),
      ),
    now: () => Date.now(),
    newId: () => uuid4().slice(0, 8),
    async wait(wake, deadline) {
      if (deadline === undefined) return condition(wake);
      if (deadline > Date.now()) await condition(wake, deadline - Date.now());
    },
    show({ phase, needsOperator, emergency }) {
      upsertSearchAttributes([
        ...(phase === undefined ? [] : [{ key: keyturnPhase, value: phase }]),
        ...(needsOperator === undefined ? [] : [{ key: keyturnNeedsOperator, value: needsOperator }]),
        ...(emergency === undefined ? [] : [{ key: keyturnEmergency, value: emergency }]),
      ]);
    },
    alert(credential, why) {
      metricMeter
        .createGauge('keyturn_needs_operator', 'int', undefined, '1 while a rotation waits for its operator')
        .set(why === null ? 0 : 1, { credential });
      if (why !== null) log.warn('a rotation waits for its operator', { credential, why });
    },
    within: (ms, work) => CancellationScope.withTimeout(ms, work),
    calledOff: () => CancellationScope.current().consideredCancelled,
    isFull: () => workflowInfo().continueAsNewSuggested,
    park: (input) => continueAsNew<(input: RotationInput) => Promise<unknown>>(input),
  };
}

function schedule<R>(
  call: Call<R>,
  { title, emergency }: Pick<StepContext, 'title' | 'emergency'>,
  heartbeatMs: number,
): Promise<R> {
  const { startToClose, attempts, initialInterval, maximumInterval } = call.options;
  const activities = proxyActivities<Record<string, (...args: unknown[]) => Promise<unknown>>>({
    startToCloseTimeout: startToClose,
    heartbeatTimeout: heartbeatMs, // the interceptor heartbeats for every activity
    // The default, TRY_CANCEL, would end the step while its activity still writes.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      maximumAttempts: attempts,
      ...(initialInterval && { initialInterval }),
      ...(maximumInterval && { maximumInterval }),
    },
    ...(emergency && { taskQueue: emergencyQueueOf(workflowInfo().taskQueue), priority: emergencyPriority }),
  });
  return activities[call.activity]!.executeWithOptions({ summary: title }, [...call.args]) as Promise<R>;
}
