import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Task } from '../domain/task.js';
import type { Session } from '../operations/session/session.js';
import { endTask, tellAgain } from '../operations/tasks/tasks.js';
import type { TaskEnding } from '../store/records.js';
import type { Store } from '../store/store.js';

/** What somebody did about a task. */
export type Deed = Pick<TaskEnding, 'state' | 'words' | 'parts'>;

/** A generated value, handed over. */
export type Handed = () => Promise<Readonly<Record<string, string>>>;

/** Somebody who follows the instructions of a task at the simulated systems. */
export type Worker = (task: Task, handed: Handed) => Deed | Promise<Deed>;

/** Gets the value of a task as a person does, once. */
export function handedBy({ store }: { readonly store: Store }, { id, credential, version }: Task): Handed {
  return async () => {
    const open = await openTasks({ store });
    if (!open.some((task) => task.id === id)) throw new Error('nobody is asked any more');
    await store.handOverTask(id, 'lab').catch(() => undefined); // shown before: then it is revealed
    return store.unseal({ credential, number: version });
  };
}

export async function openTasks({ store }: { readonly store: Store }): Promise<Task[]> {
  return (await store.tasks()).filter(({ state }) => state === 'open');
}

const lookMs = 50;

/** Does every task as soon as it is opened, and tells its rotation. Returns a function that ends this. */
export function employ(worker: Worker, session: Pick<Session, 'store'>, client: Client): () => Promise<void> {
  const enough = new AbortController();
  async function work(): Promise<void> {
    const deeds = new Map<string, Deed>();
    for (; !enough.signal.aborted; await sleep(lookMs, undefined, { signal: enough.signal }))
      await workOnce(deeds).catch(() => undefined); // store or server is away; a person tries again with the same value
  }
  async function workOnce(deeds: Map<string, Deed>): Promise<void> {
    for (const task of await openTasks(session)) {
      const deed = deeds.get(task.id) ?? (await worker(task, handedBy(session, task)));
      deeds.set(task.id, deed);
      await endTask(session, { task, ending: { actor: 'lab', ...deed } });
    }
    await tellAgain(session, client);
  }
  const working = work().catch((error: unknown) => {
    if (!enough.signal.aborted) throw error;
  });
  return async () => {
    enough.abort();
    await working;
  };
}
