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

/** Before everything else that waits at the server. */
export const emergencyPriority = { priorityKey: 1 } as const;

/** What differs between a rotation that happens, one that is planned and one whose steps run in the caller's own process. */
export interface Runtime {
  execute<R>(call: Call<R>, step: Omit<StepContext, 'version'>): Promise<R>;
  now(): number;
  /** Never the same twice. Left out where nobody answers. */
  newId?(): string;
  /** Resolves when `wake` is true or, with a deadline (Unix ms), when that has come. */
  wait(wake: () => boolean, deadline?: number): Promise<void>;
  /** Shown to whoever lists workflows. */
  show(facts: { readonly phase?: Phase; readonly needsOperator?: boolean; readonly emergency?: boolean }): void;
  /** Calls for a person, in the workers' log and metrics; null when nobody is needed any more. Left out where nobody would come. */
  alert?(credential: string, why: string | null): void;
  /** Whether the part of the rotation that asks was cancelled. Left out where nothing is. */
  calledOff?(): boolean;
  /** Calls work off that takes longer. Left out where nothing takes time. */
  within?<T>(ms: number, work: () => Promise<T>): Promise<T>;
  /** Whether the history has become so long that the next one should begin. Left out where there is none. */
  isFull?(): boolean;
  /** Ends this run and goes on in a new one, so that a long wait never depends on an old history. Left out where nothing really waits. */
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
    // Left unset it behaves as TRY_CANCEL: the step "ends" while its activity still writes.
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
