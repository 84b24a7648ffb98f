import { allHandlersFinished, CancellationScope, condition, setHandler } from '@temporalio/workflow';
import type { Call } from '../../src/domain/call.js';
import type { Finding } from '../../src/domain/evidence.js';
import type { ProcedureDescriptor } from '../../src/domain/procedure.js';
import type { RotationInput, RotationOutcome, RotationReport } from '../../src/domain/rotation.js';
import { versions } from '../systems.js';
import { withDelivery } from './delivery.js';
import { containAndReplace } from './emergency.js';
import { emergencyPending, inboxOf, listen, progress } from './messages.js';
import { forward, goOn, rollBack } from './phases.js';
import type { Procedure, Run } from './procedure.js';
import { type Definition, RotationRun } from './run.js';
import { Exit, exitOf } from './step-failure.js';
import { close, type Ending } from './close.js';
import { temporalRuntime } from './runtime.js';

/** A rotation workflow with its descriptor and procedure: `plan` and `adopt` run the same procedure outside Temporal. */
export type RotationWorkflow = ((input: RotationInput) => Promise<RotationReport>) & Definition;

/** Makes the workflow of a procedure. Register it in workflows/index.ts under the descriptor's `workflow` name. */
export function defineRotation(descriptor: ProcedureDescriptor, procedure: Procedure): RotationWorkflow {
  const definition: Definition = { descriptor, procedure: withDelivery(procedure) };
  return Object.assign((input: RotationInput) => rotate(definition, input), definition);
}

/** Asked by every procedure before it destroys the old value: a document alone could have passed with that very value. */
export function seen({ next, retiresUnseen }: Pick<Run, 'next' | 'retiresUnseen'>): Call<Finding> {
  return versions.isSeen({ version: next, retiresUnseen });
}

async function rotate(definition: Definition, input: RotationInput): Promise<RotationReport> {
  const inbox = inboxOf(input.parked);
  const runtime = temporalRuntime(input.timing);
  const rotation = new RotationRun(definition, input, { runtime, inbox });
  let outcome: RotationOutcome | null = null;
  listen(
    inbox,
    () => rotation.waiting,
    (task) => rotation.asksFor(task),
  );
  setHandler(progress, () => ({ ...rotation.progress(), outcome }));

  const scope = new CancellationScope(); // a cancelled workflow stops the planned part, and still closes the rotation
  const whole = CancellationScope.nonCancellable(async () => {
    const planned = input.request.trigger === 'emergency' ? Promise.resolve(null) : scope.run(() => plan(rotation));
    await Promise.race([planned, condition(() => emergencyPending(inbox))]);
    let ending = emergencyPending(inbox) ? null : await planned;
    let report: RotationReport | null;
    do {
      if (emergencyPending(inbox)) ending = await emergency(rotation, scope, planned);
      report = await closeUnlessStruck(rotation, ending ?? { outcome: 'failed', why: 'nothing was asked for' });
    } while (report === null || emergencyPending(inbox)); // also one that arrives while the rotation closes
    outcome = report.outcome;
    await condition(allHandlersFinished);
    return report;
  });
  const parked = CancellationScope.nonCancellable(() =>
    condition(() => rotation.parking.isReady && allHandlersFinished()),
  );
  return (await Promise.race([whole, parked])) ?? runtime.park(rotation.parking.next());
}

/** Null when an emergency arrived while the store could not be reached. */
async function closeUnlessStruck(run: RotationRun, ending: Ending): Promise<RotationReport | null> {
  try {
    return await close(run, ending);
  } catch (error) {
    if (error instanceof Exit && error.to === 'emergency') return null;
    throw error;
  }
}

/** The planned part. Null when it made way for an emergency. */
async function plan(run: RotationRun): Promise<Ending | null> {
  const { parking, opened } = run;
  const { rollingBack } = parking;
  if (rollingBack && opened) {
    return CancellationScope.nonCancellable(() => back(run, rollingBack.why, () => goOn(run, opened)));
  }
  try {
    await forward(run);
    return { outcome: 'retired' };
  } catch (error) {
    const exit = exitOf(error);
    if (!run.opened) return { outcome: 'failed', why: exit.message };
    if (run.inbox.emergencies.length > 0) return null; // the emergency goes first, whatever the exit was
    if (exit.to === 'lost') return { outcome: 'failed', why: exit.message };
    if (exit.to === 'abandon' || run.pastNoReturn) return { outcome: 'abandoned', why: exit.message };
    return CancellationScope.nonCancellable(() => back(run, exit.message));
  }
}

async function back(run: RotationRun, why: string, begin?: () => Promise<void>): Promise<Ending | null> {
  try {
    await begin?.();
    await rollBack(run, why);
    return { outcome: 'rolled-back', why };
  } catch (error) {
    const exit = exitOf(error);
    return exit.to === 'emergency'
      ? null
      : { outcome: exit.to === 'lost' ? 'failed' : 'abandoned', why: `${why}; then: ${exit.message}` };
  }
}

async function emergency(run: RotationRun, scope: CancellationScope, planned: Promise<unknown>): Promise<Ending> {
  let ending: Ending = { outcome: 'contained' };
  while (emergencyPending(run.inbox)) {
    run.inbox.handled = run.inbox.emergencies.length;
    run.undo.length = 0;
    scope.cancel();
    ending = await containAndReplace(run, planned);
  }
  return ending;
}
