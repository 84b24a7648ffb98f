import type { TaskPolicy, TaskText, TaskView } from '../../src/domain/task.js';
import type { VersionRef } from '../../src/domain/version.js';
import { requireFence } from '../shared/fencing.js';
import { viewOf } from '../versions/tasks.js';
import type { DeploymentDeps } from './activities.js';
import { recreation } from './command.js';
import { restartDueAt } from './due.js';

/** A person restarts the engine, so that its processes read the environment file. Null when nothing was changed there. */
export function askToRestart(deps: DeploymentDeps, ref: VersionRef): Promise<TaskView | null> {
  return ask(deps, ref, {
    title: 'Restart DocuElevate',
    otherwise: 'The rotation rolls back, and the old value stays in use',
  });
}

/** The same, after the environment file got back what stood there. */
export function askToRestartBack(deps: DeploymentDeps, ref: VersionRef): Promise<TaskView | null> {
  return ask(deps, ref, {
    title: 'Restart DocuElevate with the old value',
    otherwise: 'Its processes keep the new value',
  });
}

async function ask(
  { store, ...deps }: DeploymentDeps,
  ref: VersionRef,
  about: Pick<TaskText, 'title' | 'otherwise'>,
): Promise<TaskView | null> {
  const known = await store.knownTask(ref, about.title);
  if (known) return viewOf(known);
  if ((await restartDueAt(store, ref)) === null) return null;
  const { envFile } = deps.deployment(ref.credential);
  const instructions = [
    `Open the machine of DocuElevate, and the folder of ${envFile ?? 'its environment file'}`,
    'Complete this task first: Keyturn then watches the processes start, for 5 minutes',
    `Then recreate API, workers and beat, for instance with: ${recreation.join(' ')}`,
    'A mere restart of the containers is not enough: they would keep the old environment',
  ];
  await requireFence(store, ref);
  const text = { ...about, instructions, asks: 'done', handsOver: false } as const;
  return viewOf(await store.openTask(ref, text, deps.tasks(ref.credential)));
}

/** Who restarts an engine, and by when. */
export type TasksOf = (credential: string) => TaskPolicy;
