import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type Task, taskAnswers, type TaskPolicy, type TaskView } from '../domain/task.js';
import { UserError } from '../domain/user-error.js';
import type { VersionRef } from '../domain/version.js';
import type { StoreContext } from './context.js';
import { notFound } from './failures.js';
import { keepAsked, settleAsked } from './intents.js';
import { append } from './ledger.js';
import type { TaskEnding } from './records.js';
import { requireFence } from './rotations.js';
import { sealedRow, versionRow } from './rows.js';
import { seal } from './sealing.js';
import { writeStates } from './states.js';
import type { Store } from './store.js';
import type { Tables } from './tables.js';

type Row = Tables['tasks'];

const Body = z.object({
  instructions: z.array(z.string()),
  asks: z.enum(taskAnswers),
  handsOver: z.boolean(),
  otherwise: z.string(),
  urgent: z.boolean(),
  remindMs: z.int(),
  escalation: z.object({ to: z.string(), at: z.int() }).nullable(),
});

/** Opens a task for a person. The same rotation gets the task that it has opened before, unless somebody declined that one. */
export async function openTask(
  context: StoreContext,
  ...[ref, text, policy]: Parameters<Store['openTask']>
): Promise<TaskView> {
  const { seized } = await requireFence(context, ref);
  const { title, validMs, ...said } = text;
  const known = await knownTask(context, ref, title);
  if (known && !isOver(known, context.now(), validMs)) return known;
  const { owner, assignee, dueMs, remindMs, escalation, giveUpMs } = seized === 1 ? urgently(policy) : policy;
  const at = context.now();
  const dueAt = at + dueMs;
  const body: z.infer<typeof Body> = {
    ...{ ...said, instructions: [...said.instructions], urgent: seized === 1, remindMs },
    escalation: escalation && { to: escalation.to, at: dueAt + escalation.afterMs },
  };
  const row: Row = {
    ...{ id: randomBytes(4).toString('hex'), credential: ref.credential, version: ref.number, fence: ref.fence },
    ...{ title, body: JSON.stringify(body), owner, assignee, opened_at: at, due_at: dueAt },
    ...{ gives_up_at: giveUpMs === null ? null : at + giveUpMs, state: 'open', by: null, words: null },
    ...{ ended_at: null, handed_at: null, noticed_at: null },
  };
  await context.db.insertInto('tasks').values(row).execute();
  await append(context, { event: 'task-opened', ...aboutRow(row), detail: `task ${row.id}, for ${whoOf(row)}` });
  return toTask(row);
}

/** What was done longer ago than it counts. */
function isOver({ state, endedAt }: Task, now: number, validMs = Number.POSITIVE_INFINITY): boolean {
  return state === 'done' && now - (endedAt ?? 0) > validMs;
}

/** In an emergency. */
function urgently({ urgentMs, escalation, ...policy }: TaskPolicy): TaskPolicy {
  const timing = { dueMs: urgentMs, remindMs: urgentMs, giveUpMs: null, urgentMs };
  return { ...policy, ...timing, escalation: escalation && { ...escalation, afterMs: urgentMs } };
}

/** The newest task of this rotation with a title, open or done. */
export async function knownTask(
  { db }: StoreContext,
  { credential, number, fence }: VersionRef,
  title: string,
): Promise<Task | null> {
  const row = await db
    .selectFrom('tasks')
    .selectAll()
    .where('credential', '=', credential)
    .where('version', '=', number)
    .where('fence', '=', fence)
    .where('title', '=', title)
    .where('state', 'in', ['open', 'done'])
    .orderBy('opened_at', 'desc')
    .executeTakeFirst();
  return row ? toTask(row) : null;
}

/** Newest first. */
export async function tasks({ db }: StoreContext, credential?: string): Promise<Task[]> {
  let query = db.selectFrom('tasks').selectAll().orderBy('opened_at', 'desc').orderBy('id');
  if (credential !== undefined) query = query.where('credential', '=', credential);
  return (await query.execute()).map(toTask);
}

/**
 * Records what a person did about a task. A value is sealed before the transaction, which stores it together with the end of the task: neither
 * is there without the other.
 */
export async function endTask(context: StoreContext, id: string, ending: TaskEnding): Promise<Task> {
  const { credential, version: number } = await rowOf(context, id);
  const before = await versionRow(context, { credential, number });
  const sealed = ending.parts && (await seal(context.ring, sealedRow(before), ending.parts));
  return writeStates(context, async (inside) => {
    const row = await rowOf(inside, id);
    if (row.state !== 'open') throw over(row);
    const ref = { credential, number, fence: row.fence };
    if (sealed) await keepAsked(inside, ref, sealed);
    const { asks, handsOver } = Body.parse(JSON.parse(row.body));
    if (ending.state === 'done' && handsOver && row.handed_at === null) throw unseen(row);
    if (ending.state === 'declined' && asks === 'value') await settleAsked(inside, ref);
    const { state, actor, words } = ending;
    const set = { state, by: actor, words, ended_at: inside.now() };
    await inside.db.updateTable('tasks').set(set).where('id', '=', id).execute();
    await append(inside, {
      ...{ event: `task-${state}`, ...aboutRow(row), actor, detail: [`task ${id}`, words].filter(Boolean).join(': ') },
    });
    return toTask({ ...row, ...set });
  });
}

/** Another assignee. */
export async function reassignTask(
  context: StoreContext,
  id: string,
  { to, actor }: { readonly to: string; readonly actor: string },
): Promise<Task> {
  const row = await rowOf(context, id);
  if (row.state !== 'open') throw over(row);
  await context.db.updateTable('tasks').set({ assignee: to }).where('id', '=', id).execute();
  await append(context, { event: 'task-assigned', ...aboutRow(row), actor, detail: `task ${id} is for ${to} now` });
  return toTask({ ...row, assignee: to });
}

/** The generated value is about to be shown. Once. Whoever has it may set it at any time, so from now on nothing gives up by itself. */
export async function handOverTask(context: StoreContext, id: string, actor: string): Promise<Task> {
  const row = await rowOf(context, id);
  if (row.state !== 'open') throw over(row);
  if (row.handed_at !== null) throw handedOver(row);
  const handed_at = context.now();
  await context.db.updateTable('tasks').set({ handed_at, gives_up_at: null }).where('id', '=', id).execute();
  await append(context, { event: 'revealed', ...aboutRow(row), actor, detail: `for task ${id}` });
  return toTask({ ...row, handed_at, gives_up_at: null });
}

/** Its rotation has seen how the task ended. */
export async function noticeTask({ db, now }: StoreContext, id: string): Promise<void> {
  await db
    .updateTable('tasks')
    .set({ noticed_at: now() })
    .where('id', '=', id)
    .where('noticed_at', 'is', null)
    .execute();
}

/** The rotation does not wait for a task any more. Unchanged when it has ended or, with `unseen`, when its value was handed over. */
export async function withdrawTask(
  context: StoreContext,
  ...[ref, id, { unseen }]: Parameters<Store['withdrawTask']>
): Promise<TaskView> {
  await requireFence(context, ref);
  const row = await rowOf(context, id);
  if (row.state === 'open' && !(unseen && row.handed_at !== null)) await withdraw(context, [row]);
  return toTask(await rowOf(context, id));
}

/** The rotation is over, or an emergency has taken over: its open tasks are not needed any more. */
export async function withdrawTasks(context: StoreContext, { credential, fence }: VersionRef): Promise<void> {
  const open = await context.db
    .selectFrom('tasks')
    .selectAll()
    .where('credential', '=', credential)
    .where('fence', '=', fence)
    .where('state', '=', 'open')
    .execute();
  await withdraw(context, open);
}

async function withdraw(context: StoreContext, rows: readonly Row[]): Promise<void> {
  for (const row of rows) {
    const set = { state: 'withdrawn', ended_at: context.now(), noticed_at: context.now() } as const;
    await context.db.updateTable('tasks').set(set).where('id', '=', row.id).execute();
    await append(context, { event: 'task-withdrawn', ...aboutRow(row), detail: `task ${row.id}` });
  }
}

async function rowOf({ db }: StoreContext, id: string): Promise<Row> {
  const row = await db.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirst();
  if (!row) throw notFound(`The store has no task ${id}`);
  return row;
}

function toTask(row: Row): Task {
  const { id, credential, version, fence, title, owner, assignee, state, by, words } = row;
  return {
    ...{ id, credential, version, fence, title, ...Body.parse(JSON.parse(row.body)), owner, assignee },
    ...{ openedAt: row.opened_at, dueAt: row.due_at, givesUpAt: row.gives_up_at, state, by, words },
    ...{ endedAt: row.ended_at, handedAt: row.handed_at, noticedAt: row.noticed_at },
  };
}

function aboutRow({ credential, version, fence, title }: Row) {
  return { credential, version, fence, title };
}

function whoOf({ owner, assignee }: Row): string {
  return assignee ?? owner ?? 'nobody in particular';
}

const endings = { open: 'is open', done: 'was done', declined: 'was declined', withdrawn: 'was withdrawn' };

function over({ id, credential, state, by, ended_at }: Row): UserError {
  const author = by === null ? '' : ` by ${by}`;
  const when = ended_at === null ? '' : ` at ${new Date(ended_at).toISOString()}`;
  return new UserError(`Task ${id} ${endings[state]}${author}${when}`, {
    state:
      'Nothing was changed, and what you gave was not stored. If you created a new value outside, revoke it again.',
    next: `See what is asked now: keyturn tasks. See what happened: keyturn ledger ${credential}`,
  });
}

function unseen({ id }: Row): UserError {
  return new UserError(`Nobody has seen the new value of task ${id} yet, so nobody can have set it`, {
    state: 'Nothing was changed.',
    next: `See it, set it, and say so again: keyturn tasks take ${id}`,
  });
}

function handedOver({ id, credential, version, handed_at }: Row): UserError {
  return new UserError(`The value for task ${id} was shown at ${new Date(handed_at ?? 0).toISOString()}`, {
    state: 'A generated value is handed over once. Nothing was shown.',
    next: `To see it again, with a reason in the ledger: keyturn reveal ${credential} --version ${version}`,
  });
}
