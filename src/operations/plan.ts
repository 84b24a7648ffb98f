import { requestsOf } from '../../activities/requests.js';
import { close } from '../../workflows/rotation/close.js';
import type { RotationWorkflow } from '../../workflows/rotation/define.js';
import { inboxOf } from '../../workflows/rotation/messages.js';
import { forward } from '../../workflows/rotation/phases.js';
import { RotationRun } from '../../workflows/rotation/run.js';
import type { Runtime } from '../../workflows/rotation/runtime.js';
import type { Finding } from '../domain/evidence.js';
import type { RequestTemplate } from '../domain/requests.js';
import type { Begun, Phase, RotationInput } from '../domain/rotation.js';

export interface PlannedStep {
  readonly phase: Phase;
  readonly title: string;
  readonly activity: string;
  /** What undoes it if a later step fails; null when nothing does. */
  readonly undo: string | null;
  readonly requests: readonly RequestTemplate[];
  /** From this step on nothing can be undone. */
  readonly pastNoReturn: boolean;
}

/** A wait that the plan contains. */
export interface PlannedWait {
  readonly phase: Phase;
  readonly title: string;
  readonly waitMs: number;
}

export type Plan = readonly (PlannedStep | PlannedWait)[];

/**
 * What a rotation would do: runs the real procedure with a recorder instead of activities. Changes nothing anywhere;
 * `opened` is what the store would answer (Store.preview), with the configured policy.
 */
export async function planRotation(workflow: RotationWorkflow, input: RotationInput, opened: Begun): Promise<Plan> {
  const plan: (PlannedStep | PlannedWait)[] = [];
  const runtime: Runtime = {
    execute: (call, { phase, title }) => {
      const undo = run.undo.find((entry) => entry.title === title)?.call.activity ?? null;
      plan.push({
        phase,
        title,
        activity: call.activity,
        undo,
        requests: requestsOf(call.activity, workflow.descriptor),
        pastNoReturn: run.pastNoReturn,
      });
      return Promise.resolve(
        (call.activity === 'versions.openRotation' ? opened : { ...assumed, orphans: [] }) as never,
      );
    },
    now: () => now,
    wait(_wake, deadline = now) {
      plan.push({ phase: run.phase, title: run.waiting?.why ?? 'Wait', waitMs: deadline - now });
      now = deadline;
      return Promise.resolve();
    },
    show: () => undefined,
  };
  let now = 0;
  const run = new RotationRun(workflow, input, { runtime, inbox: inboxOf() });
  await forward(run);
  await close(run, { outcome: 'retired' });
  return plan;
}

/** The totals of a plan. */
export interface Totals {
  readonly steps: number;
  /** Requests that are always sent; one that is sent several times counts once. */
  readonly requests: number;
  /** Requests that are sent only when needed. */
  readonly optionalRequests: number;
  readonly testDocuments: number;
  /** The sum of all waits, in milliseconds. */
  readonly waitMs: number;
}

export function totalsOf(plan: Plan): Totals {
  const steps = plan.filter((each) => 'activity' in each);
  const requests = steps.flatMap((step) => step.requests);
  const waits = plan.filter((each) => 'waitMs' in each);
  return {
    steps: steps.length,
    requests: requests.filter(({ optional }) => !optional).length,
    optionalRequests: requests.filter(({ optional }) => optional).length,
    testDocuments: steps.filter(({ activity }) => activity === 'docuelevate.processTestDocument').length,
    waitMs: waits.reduce((sum, { waitMs }) => sum + waitMs, 0),
  };
}

/** A plan assumes that every check succeeds: what happens otherwise is the undo beside each step. */
const assumed: Finding = { kind: 'accepted', outcome: 'proved', detail: 'assumed' };
