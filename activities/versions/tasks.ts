import type { TaskView } from '../../src/domain/task.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { permanent } from '../shared/failures.js';
import { requireFence } from '../shared/fencing.js';

interface Looked {
  readonly version: VersionRef;
  /** Id of the task. */
  readonly task: string;
}

/** How a task stands, by the store. */
export async function lookAtTask(store: Store, { version, task }: Looked): Promise<TaskView> {
  const found = (await store.tasks(version.credential)).find(({ id }) => id === task);
  if (!found) throw permanent('NotFound', `the store has no task ${task}`);
  return viewOf(found);
}

/** The rotation gives the task up; with `unseen`, unless somebody has its value. Says how the task stands then. */
export async function giveUpTask(
  store: Store,
  { version, task, unseen }: Looked & { readonly unseen: boolean },
): Promise<TaskView> {
  return viewOf(await store.withdrawTask(version, task, { unseen }));
}

/** What a workflow may know of a task. */
export function viewOf({ id, state, dueAt, givesUpAt, by, words }: TaskView): TaskView {
  return { id, state, dueAt, givesUpAt, by, words };
}

/**
 * Says who has done a task.
 * @throws ApplicationFailure of type Rejected when it was declined, or FenceLost
 */
export async function endOfTask(store: Store, { version, task }: Looked): Promise<string> {
  const all = await store.tasks(version.credential);
  const asked = all.find(({ id }) => id === task);
  const newest = all.find((each) => each.title === asked?.title && each.version === asked.version); // a retry has asked anew
  const { id, state, by, words } = await lookAtTask(store, { version, task: newest?.id ?? task });
  await requireFence(store, version);
  await store.noticeTask(id);
  const said = words === null ? '' : `: ${words}`;
  if (state === 'done') return `done by ${by}${said}`;
  throw permanent('Rejected', `${by ?? 'somebody'} declined it${said}`);
}
