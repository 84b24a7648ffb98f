import type { TaskView } from '../../src/domain/task.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { needsDecision, permanent } from '../shared/failures.js';
import { requireFence } from '../shared/fencing.js';

interface Looked {
  readonly version: VersionRef;
  /** Id of the task. */
  readonly task: string;
}

/** How a task stands, by the store. Of one that has ended, its rotation knows from now on. */
export async function lookAtTask(store: Store, { version, task }: Looked): Promise<TaskView> {
  const found = (await store.tasks(version.credential)).find(({ id }) => id === task);
  if (!found) throw permanent('NotFound', `the store has no task ${task}`);
  return noticed(store, found);
}

/** The rotation gives the task up; with `unseen`, unless somebody has its value. Says how the task stands then. */
export async function giveUpTask(
  store: Store,
  { version, task, unseen }: Looked & { readonly unseen: boolean },
): Promise<TaskView> {
  return noticed(store, await store.withdrawTask(version, task, { unseen }));
}

async function noticed(store: Store, task: TaskView): Promise<TaskView> {
  if (task.state !== 'open') await store.noticeTask(task.id);
  return viewOf(task);
}

/** What a workflow may know of a task. */
export function viewOf({ id, state, dueAt, givesUpAt, by, words }: TaskView): TaskView {
  return { id, state, dueAt, givesUpAt, by, words };
}

/**
 * Says who has done a task; without an id, the newest task of this rotation about the version. A retry may have asked anew.
 * @throws ApplicationFailure of type NeedsDecision when it was declined, or FenceLost
 */
export async function endOfTask(
  store: Store,
  { version, task }: Pick<Looked, 'version'> & Partial<Looked>,
): Promise<string> {
  const own = (await store.tasks(version.credential)).filter(
    (each) => each.version === version.number && each.fence === version.fence,
  );
  const title = own.find(({ id }) => id === task)?.title;
  const newest = own.find((each) => title === undefined || each.title === title);
  if (!newest) throw permanent('NotFound', 'the store has no such task');
  const { id, state, by, words } = newest;
  await requireFence(store, version);
  await store.noticeTask(id);
  const said = words === null ? '' : `: ${words}`;
  if (state === 'done') return `done by ${by}${said}`;
  throw needsDecision(`${by ?? 'somebody'} declined it${said}`);
}
