import { type Call, versionOf } from '../../src/domain/call.js';
import type { TaskView } from '../../src/domain/task.js';
import type { VersionRef } from '../../src/domain/version.js';
import { versions } from '../systems.js';
import { attempt, type Ended } from './attempt.js';
import { keep } from './bookkeeping.js';
import { exitIfTold } from './decided.js';
import { promptWhileWaiting } from './operator-prompt.js';
import { Exit } from './step-failure.js';
import type { Steps } from './steps.js';

/** Opens a task in the store. Null when there is nothing to do. */
export type AskPerson = Call<TaskView | null>;

/**
 * A step that a person does. The store has the task and how it ended; a message only says that there is news. A declined task is a failure
 * like any other: it rolls back while there is a way back, and is a question to a person after that. A retry asks anew.
 */
export async function askPerson(steps: Steps, title: string, ask: AskPerson): Promise<Ended> {
  steps.run.asking++;
  try {
    return await asked(steps, title, ask);
  } finally {
    steps.run.asking--;
  }
}

async function asked(steps: Steps, title: string, ask: AskPerson): Promise<Ended> {
  const version = versionOf(ask) ?? steps.run.next;
  const known = steps.run.inbox.emergencies.length;
  const open = async (): Promise<TaskView | null> => {
    const opened: (TaskView | null)[] = [];
    const got = (view: unknown): void => void opened.push(view as TaskView | null);
    await attempt(steps, { title: `Ask a person: ${title}`, call: ask, got });
    const [task = null] = opened;
    if (task) await untilEnded(steps, { title, version, task, known });
    return task;
  };
  const task = await open();
  if (!task) return { state: 'done', detail: 'there is nothing to do' };
  const again = async (): Promise<void> => void (await open());
  return attempt(steps, { title, call: versions.endOfTask({ version, task: task.id }), again });
}

interface Awaited {
  readonly title: string;
  readonly version: VersionRef;
  readonly task: TaskView;
  /** How many emergencies were known when the step began. */
  readonly known: number;
}

/**
 * Waits until the store says that the task has ended. At its due time people are reminded, by notices that come from the store. A rotation that
 * gives up withdraws the task first: nobody may do it for a rotation that rolls back.
 */
async function untilEnded({ run }: Steps, { title, version, task: asked, known }: Awaited): Promise<void> {
  const { id } = asked;
  const withdraw = (unseen: boolean) =>
    keep(run, versions.giveUpTask({ version, task: id, unseen }), { title: 'Withdraw the task' });
  const parks = run.parking.waiting?.task === id ? undefined : 'later'; // once: the next run has a short history
  for (let task = asked; task.state === 'open';) {
    const end = endOfWait(run.mode === 'forward' && !run.pastNoReturn, task);
    const told = await run.wait(
      { for: 'operator', task: id, why: title, ...end.shown, ...promptWhileWaiting(run, title) },
      { wake: () => run.inbox.ended.has(id), deadline: end.rollsBackAt ?? undefined, known, parks },
    );
    if (told) await withdraw(false);
    await exitIfTold(run, told, title);
    run.inbox.ended.delete(id); // the message of somebody who has done nothing must not wake it again
    const isLate = end.rollsBackAt !== null && run.runtime.now() >= end.rollsBackAt;
    task = await (isLate
      ? withdraw(true)
      : keep(run, versions.lookAtTask({ version, task: id }), { title: 'Look at the task' }));
    if (task.state === 'withdrawn') throw new Exit('roll-back', `${title}: nobody did it in time`);
  }
}

function endOfWait(mayRollBack: boolean, { dueAt, givesUpAt }: TaskView) {
  return mayRollBack && givesUpAt !== null
    ? { rollsBackAt: givesUpAt, shown: { until: givesUpAt, then: 'the rotation rolls back' } }
    : { rollsBackAt: null, shown: { until: dueAt, then: 'it is overdue, and people are reminded' } };
}
