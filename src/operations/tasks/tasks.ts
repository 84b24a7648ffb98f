import type { Client } from '@temporalio/client';
import type { Task } from '../../domain/task.js';
import type { TaskEnding } from '../../store/records.js';
import type { Store } from '../../store/store.js';
import { endTask as endTaskMessage } from '../../../workflows/rotation/messages.js';
import { UsageError } from '../session/refusals.js';
import { requireNewValue } from './new-value.js';

type Kept = { readonly store: Store };

const answerMs = 10_000; // with a running worker an answer takes milliseconds

/** A task by its id, or the only open task of a credential. Throws a UsageError. */
export async function findTask({ store }: Kept, named: string): Promise<Task> {
  const all = await store.tasks();
  const byId = all.find(({ id }) => id === named);
  if (byId) return byId;
  const open = all.filter(({ credential, state }) => credential === named && state === 'open');
  const [only, ...others] = open;
  if (only && others.length === 0) return only;
  if (only) {
    const choices = open.map(({ id, title }) => `${id} (${title})`).join(', ');
    throw new UsageError(`${named} has ${open.length} open tasks`, {
      ...nothing,
      next: `Name one of them: ${choices}`,
    });
  }
  throw new UsageError(`There is no task "${named}", and no credential of that name has an open one`, {
    ...nothing,
    next: 'See what is open: keyturn tasks',
  });
}

const nothing = { state: 'Nothing was changed.' };

/**
 * Ends a task in the store, together with the value that was asked for. Its rotation has to be told after that.
 * @throws UserError when the task is over, or the value is none that may be stored
 */
export async function endTask(
  { store }: Kept,
  { task, ending }: { readonly task: Task; readonly ending: TaskEnding },
): Promise<Task> {
  if (ending.state === 'done' && task.state === 'open') {
    if (task.asks === 'value') await requireNewValue(store, task, ending.parts ?? {});
    if (task.asks === 'word' && ending.words === null)
      throw new UsageError(`Task ${task.id} needs a sentence about what you saw`, {
        ...nothing,
        next: `Say it with --reason: keyturn tasks complete ${task.id} --reason "…"`,
      });
  }
  return store.endTask(task.id, ending);
}

/** Tells the rotation of a task that the task has ended. False when it gave no answer. Harmless when it knows already. */
export async function tellRotation({ store }: Kept, client: Client, { id, credential, fence }: Task): Promise<boolean> {
  const rotation = (await store.rotations(credential)).find((each) => each.fence === fence);
  if (!rotation) return false;
  const handle = client.workflow.getHandle(rotation.workflowId);
  return client
    .withDeadline(Date.now() + answerMs, () => handle.executeUpdate(endTaskMessage, { args: [{ task: id }] }))
    .then(
      () => true,
      () => false, // the store has it, and the watch of every worker tells it again
    );
}

/** Tells rotations about tasks whose end they have not noticed: the process that should have done it has died. */
export async function tellAgain(session: Kept, client: Client): Promise<void> {
  const open = (await session.store.rotations()).filter(({ closedAt }) => closedAt === null);
  const unnoticed = (await session.store.tasks()).filter(
    ({ state, credential, fence, noticedAt }) =>
      noticedAt === null &&
      state !== 'open' &&
      open.some((each) => each.credential === credential && each.fence === fence),
  );
  for (const task of unnoticed) await tellRotation(session, client, task);
}
