import { type Call, versionOf } from '../../src/domain/call.js';
import type { TaskView } from '../../src/domain/task.js';
import type { VersionRef } from '../../src/domain/version.js';
import { versions } from '../systems.js';
import { attempt, type Ended } from './attempt.js';
import { keep } from './bookkeeping.js';
import { exitIfTold } from './decided.js';
import { promptWhileWaiting } from './operator-prompt.js';
import type { RotationRun } from './run.js';
import { Exit } from './step-failure.js';
import type { Steps } from './steps.js';

/** Opens a task in the store. Null when there is nothing to do. */
export type AskPerson = Call<TaskView | null>;

const askPrefix = 'Ask a person: ';

function askTitle(title: string): string {
  return `${askPrefix}${title}`;
}

/** Whether a call of this title only opens a task: for people it is one step with the task. */
export function opensTask(title: string): boolean {
  return title.startsWith(askPrefix);
}

interface Asking {
  readonly title: string;
  readonly ask: AskPerson;
  /** Nothing can be put back once the person has done it. */
  readonly noWayBack?: boolean;
}

/**
 * A step that a person does. The store has the task and how it ended; a message only says that there is news. A declined task rolls back while
 * there is a way back, and is a question to a person after that. A retry asks anew.
 */
export async function askPerson(steps: Steps, asking: Asking): Promise<Ended> {
  steps.run.asking++;
  try {
    return await asked(steps, asking);
  } finally {
    steps.run.asking--;
  }
}

async function asked(steps: Steps, { title, ask, noWayBack }: Asking): Promise<Ended> {
  const { run } = steps;
  const version = versionOf(ask) ?? run.next;
  const known = run.inbox.emergencies.length;
  const resumed = run.parking.waiting?.task;
  let skipped: Ended | null = null;
  const open = async (): Promise<TaskView | null> => {
    const opened: (TaskView | null)[] = [];
    const got = (view: unknown): void => void opened.push(view as TaskView | null);
    const ended = await attempt(steps, { title: askTitle(title), call: ask, got });
    skipped = ended.state === 'skipped' ? ended : null;
    const [task = null] = opened;
    if (task) await untilEnded(steps, { title, version, task, known, noWayBack, isResumed: resumed === task.id });
    return task;
  };
  // a run that continues while a person is asked about a declined task asks for nothing anew
  const task = run.parking.isAbout(title) ? undefined : await open();
  if (task === null) return skipped ?? { state: 'done', detail: 'there is nothing to do' };
  const again = async (): Promise<void> => void (await open());
  return attempt(steps, { title, call: versions.endOfTask({ version, ...(task && { task: task.id }) }), again });
}

interface Awaited {
  readonly title: string;
  readonly version: VersionRef;
  readonly task: TaskView;
  /** How many emergencies were known when the step began. */
  readonly known: number;
  readonly noWayBack: boolean | undefined;
  /** An earlier run has waited for it. */
  readonly isResumed: boolean;
}

/**
 * Waits until the store says that the task has ended. At its due time people are reminded, by notices that come from the store. A rotation that
 * gives up withdraws the task first: nobody may do it for a rotation that rolls back.
 */
async function untilEnded({ run }: Steps, awaited: Awaited): Promise<void> {
  const { title, noWayBack = false } = awaited;
  let { task } = awaited;
  while (task.state === 'open') task = await lookAfterWait(run, awaited, task);
  run.pastNoReturn ||= noWayBack && task.state === 'done';
  const why = whyNot(task);
  if (why !== null && mayRollBack(run)) throw new Exit('roll-back', `${title}: ${why}`);
}

/** Null when it was done. */
function whyNot({ state, by, words }: TaskView): string | null {
  if (state === 'withdrawn') return 'nobody did it in time';
  return state === 'declined' ? `${by ?? 'somebody'} declined it${words === null ? '' : `: ${words}`}` : null;
}

async function lookAfterWait(run: RotationRun, awaited: Awaited, { id, ...task }: TaskView): Promise<TaskView> {
  const { title, version, known, noWayBack, isResumed } = awaited;
  const end = endOfWait(mayRollBack(run), task);
  const told = await run.wait(
    { for: 'operator', task: id, why: title, ...end.shown, ...promptWhileWaiting(run, title) },
    {
      ...{ wake: () => run.inbox.ended.has(id), deadline: end.rollsBackAt ?? undefined, known },
      parks: isResumed ? undefined : 'later', // once: the next run has a short history
    },
  );
  run.inbox.ended.delete(id); // the message of somebody who has done nothing must not wake it again
  const gaveUp = told !== null || (end.rollsBackAt !== null && run.runtime.now() >= end.rollsBackAt);
  const seen = gaveUp
    ? await keep(run, versions.giveUpTask({ version, task: id, unseen: !told }), { title: 'Withdraw the task' })
    : await keep(run, versions.lookAtTask({ version, task: id }), { title: 'Look at the task' });
  if (seen.state === 'done' && noWayBack) return seen; // a decision that came too late cannot take it back
  await exitIfTold(run, told, title);
  return seen;
}

function mayRollBack({ mode, pastNoReturn }: RotationRun): boolean {
  return mode === 'forward' && !pastNoReturn;
}

function endOfWait(rollsBack: boolean, { dueAt, givesUpAt }: Pick<TaskView, 'dueAt' | 'givesUpAt'>) {
  return rollsBack && givesUpAt !== null
    ? { rollsBackAt: givesUpAt, shown: { until: givesUpAt, then: 'the rotation rolls back' } }
    : { rollsBackAt: null, shown: { until: dueAt, then: 'it is overdue, and people are reminded' } };
}
