import { requestsOf } from '../../../activities/requests.js';
import { close } from '../../../workflows/rotation/close.js';
import type { RotationWorkflow } from '../../../workflows/rotation/define.js';
import { opensTask } from '../../../workflows/rotation/ask-person.js';
import { inboxOf } from '../../../workflows/rotation/messages.js';
import { forward } from '../../../workflows/rotation/phases.js';
import { RotationRun } from '../../../workflows/rotation/run.js';
import type { Runtime } from '../../../workflows/rotation/runtime.js';
import type { Finding } from '../../domain/evidence.js';
import type { RequestTemplate } from '../../domain/requests.js';
import type { Begun, Phase, RotationInput, RotationPolicy } from '../../domain/rotation.js';
import type { VersionRef } from '../../domain/version.js';
import { inputOf } from '../../../workers/compose.js';

export interface PlannedStep {
  readonly phase: Phase;
  readonly title: string;
  readonly activity: string;
  /** What undoes it if a later step fails; null when nothing does. */
  readonly undo: string | null;
  readonly requests: readonly RequestTemplate[];
  /** From this step on nothing can be undone. */
  readonly pastNoReturn: boolean;
  /** A person does it. */
  readonly byPerson?: true;
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
  const { run, plan } = recorder(workflow, input, opened);
  await forward(run);
  await close(run, { outcome: 'retired' });
  return plan;
}

/** Titles of the containment steps for a version. An emergency does not ask whether something still uses the leaked value. */
export async function containmentOf(
  workflow: RotationWorkflow,
  version: VersionRef,
  policy: RotationPolicy,
): Promise<string[]> {
  const { procedure } = workflow;
  const opened = { fence: 0, current: version, next: version, unconfirmed: false };
  const input = inputOf(version.credential, { actor: 'plan', trigger: 'emergency', reason: 'a plan' });
  const { run, plan } = recorder(workflow, input, { ...opened, policy });
  run.mode = 'containing';
  run.opened = opened;
  run.goesBy(policy);
  await run.during('contain', (steps) => procedure.contain?.(steps, [version]) ?? procedure.retire(steps, version));
  return plan.map(({ title }) => title);
}

/** A rotation whose runtime writes down each call and each wait. */
function recorder(workflow: RotationWorkflow, input: RotationInput, opened: Begun) {
  const plan: (PlannedStep | PlannedWait)[] = [];
  const runtime: Runtime = {
    execute: ({ activity }, { phase, title }) => {
      if (opensTask(title)) return Promise.resolve(assumed as never);
      const undo = run.undo.find((entry) => entry.title === title)?.call.activity ?? null;
      plan.push({
        phase,
        title,
        activity,
        undo,
        requests: requestsOf(activity, workflow.descriptor, opened.policy),
        pastNoReturn: run.pastNoReturn,
        ...(activity === 'versions.endOfTask' && { byPerson: true }),
      });
      return Promise.resolve((activity === 'versions.openRotation' ? opened : { ...assumed, orphans: [] }) as never);
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
  return { run, plan };
}

const takesDocument = /^docuelevate\.(?:processTestDocument|provesByStep)$/;

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
    testDocuments: steps.filter(({ activity }) => takesDocument.test(activity)).length,
    waitMs: waits.reduce((sum, { waitMs }) => sum + waitMs, 0),
  };
}

/** A plan assumes that every check succeeds: what happens otherwise is the undo beside each step. */
const assumed: Finding = { kind: 'accepted', outcome: 'proved', detail: 'assumed' };
