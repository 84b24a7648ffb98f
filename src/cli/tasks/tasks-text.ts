import type { Task } from '../../domain/task.js';
import { columns, facts } from '../terminal/layout.js';
import type { Paint } from '../terminal/paint.js';
import { momentAndDistance, roughly } from '../terminal/time.js';

/** One line per task. */
export function tasksText(tasks: readonly Task[], paint: Paint, now: number): string[] {
  const { bold, dim } = paint;
  if (tasks.length === 0) return ['Nobody has anything to do.'];
  const header = ['task', 'credential', 'what', 'for', 'due'].map((text) => dim(text));
  const rows = tasks.map((task) => [bold(task.id), task.credential, task.title, whoOf(task), dueOf(task, paint, now)]);
  return [
    ...columns([header, ...rows]),
    ...(tasks.some(({ state }) => state === 'open') ? ['', `  ${dim('Next')}  keyturn tasks show <task>`] : []),
  ];
}

/** What to do, by whom and until when, and how to say that it is done. */
export function taskText(task: Task, paint: Paint, now: number): string[] {
  const { id, credential, version, title, instructions, otherwise, owner, assignee, state } = task;
  const { bold, dim } = paint;
  const rows: [string, string | null][] = [
    ['Credential', `${credential}, version ${version}`],
    ['For', assignee],
    ['Owner', owner],
    ['Due', state === 'open' ? dueOf(task, paint, now) : null],
    ['If nobody does it', state === 'open' ? otherwise : null],
    ['Ended', state === 'open' ? null : endedOf(task)],
  ];
  return [
    bold(`${title} (task ${id})`),
    '',
    ...instructions.map((step, index) => `  ${index + 1}. ${step}`),
    '',
    ...facts([...rows.map(([label, text]) => [dim(label), text] as const), [dim('Next'), nextOf(task)]]),
  ];
}

const done = { value: 'give the new value', done: 'say that it is done', word: 'say what you saw' } as const;

function nextOf({ id, asks, handsOver, handedAt, state }: Task): string | null {
  if (state !== 'open') return null;
  const take = handsOver && handedAt === null ? [`keyturn tasks take ${id}: see the new value, once`] : [];
  const complete = `keyturn tasks complete ${id}${asks === 'word' ? ' --reason "…"' : ''}: ${done[asks]}`;
  return [...take, complete, `keyturn tasks decline ${id} --reason "…": say that you do not do it`].join('\n');
}

function dueOf({ dueAt, state, urgent }: Task, { bad, attention }: Paint, now: number): string {
  if (state !== 'open') return state;
  const text = now > dueAt ? bad(`overdue for ${roughly(now - dueAt)}`) : momentAndDistance(dueAt, now);
  return urgent ? `${attention('an emergency waits for it')}, ${text}` : text;
}

function whoOf({ owner, assignee }: Task): string {
  return assignee ?? owner ?? '–';
}

function endedOf({ state, by, words, endedAt }: Task): string {
  const when = endedAt === null ? '' : `, ${momentAndDistance(endedAt, Date.now())}`;
  return `${state}${by === null ? '' : ` by ${by}`}${when}${words === null ? '' : `: ${words}`}`;
}
