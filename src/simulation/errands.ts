import type { WorkflowHandle } from '@temporalio/client';
import { endTask as endTaskMessage } from '../../workflows/rotation/messages.js';
import type { Task } from '../domain/task.js';
import { handedBy, type Worker } from '../lab/people.js';
import { UserError } from '../domain/user-error.js';
import type { Session } from '../operations/session/session.js';
import { endTask, tellAgain, tellRotation } from '../operations/tasks/tasks.js';
import type { Simulation } from './engine.js';
import type { Random } from './random.js';
import type { SimTemporal } from './temporal.js';
import type { Plan } from './trouble.js';

interface Errand {
  readonly sim: Simulation;
  readonly session: Session;
  readonly client: Parameters<typeof tellRotation>[1];
  readonly server: SimTemporal;
  readonly random: Random;
  readonly plan: Plan;
  readonly worker: Worker;
  readonly handle: WorkflowHandle;
  /** Has the rotation roll back. Throws when it does not. */
  readonly takeBack: () => Promise<void>;
}

const overnightMs = 3 * 3_600_000; // longer than a rotation waits that has changed nothing
const untoldMs = 5_000; // the watch of a worker looks this often

/**
 * A person does a task, as people do: late, twice, wrongly, not at all for a night, without a word, or without the rotation hearing of it. Returns what a rotation
 * must not have believed.
 */
export async function runErrand(errand: Errand, task: Task): Promise<string[]> {
  const { sim, session, client, random, plan, worker } = errand;
  sim.note(`a person is asked to do "${task.title}"`);
  await sim.sleep(random.chance(0.1) ? overnightMs : plan.answerMs);
  const problems = plan.wrongAnswers ? await doWrongly(errand, task) : [];
  if (random.chance(0.1)) {
    const ending = { state: 'declined', actor: 'harness', words: 'not today' } as const;
    const declined = await endTask(session, { task, ending });
    await tellRotation(session, client, declined);
    return problems;
  }
  const deed = await worker(task, handedBy(session, task));
  if (task.handsOver && random.chance(0.1) && (await saysNothing(errand))) return problems;
  const done = await persistently(sim, () => endTask(session, { task, ending: { actor: 'harness', ...deed } }));
  if (random.chance(0.2)) await sim.sleep(untoldMs).then(() => tellAgain(session, client));
  else await tellRotation(session, client, done);
  return plan.doubleDecisions ? [...problems, ...(await doTwice(errand, done))] : problems;
}

/** A person has done it, and somebody who does not know that has the rotation roll back. */
async function saysNothing({ sim, takeBack }: Errand): Promise<boolean> {
  sim.note('it is done, and nobody says so');
  return takeBack().then(
    () => true,
    () => false,
  );
}

/** A value that is none, a value that is known, and messages of somebody who has done nothing. */
async function doWrongly({ session, handle }: Errand, task: Task): Promise<string[]> {
  const problems: string[] = [];
  const known = await knownValue(session, task);
  for (const value of task.asks === 'value' ? ['', 'abcd********', ...known] : []) {
    const ending = { state: 'done', actor: 'harness', words: null, parts: { value } } as const;
    const taken = await endTask(session, { task, ending }).then(
      () => true,
      () => false,
    );
    if (taken) problems.push(`a value was taken for "${task.title}" that is none`);
  }
  for (const id of ['of nobody', task.id])
    await handle.executeUpdate(endTaskMessage, { args: [{ task: id }] }).catch(() => undefined);
  return problems;
}

async function knownValue({ store }: Session, { credential }: Task): Promise<string[]> {
  const current = (await store.versions(credential)).find(({ state }) => state === 'current');
  return current ? Object.values(await store.unseal(current)) : [];
}

const againMs = 30_000;
const mostTries = 120; // an hour: a store is never away for that long

/** With the same value: a person who cannot give it keeps it. Throws when the task is over. */
async function persistently(sim: Simulation, give: () => Promise<Task>): Promise<Task> {
  for (let tries = 1; ; tries++) {
    try {
      return await give();
    } catch (error) {
      if (error instanceof UserError || tries === mostTries) throw error;
      await sim.sleep(againMs);
    }
  }
}

async function doTwice({ session }: Errand, task: Task): Promise<string[]> {
  const ending = {
    state: 'done',
    actor: 'harness',
    words: 'again',
    ...(task.asks === 'value' && { parts: { value: 'another-one' } }),
  } as const;
  return endTask(session, { task, ending }).then(
    () => [`"${task.title}" was done twice`],
    () => [],
  );
}
