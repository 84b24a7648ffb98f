import { setTimeout as delay } from 'node:timers/promises';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { scope } from '../shared/scope.js';
import type { Deployment, DeploymentDeps } from './activities.js';
import { restartDueAt } from './due.js';

type Deps = Pick<DeploymentDeps, 'store' | 'gatherMs'>;

const lookMs = 500;

/**
 * Waits until the other rotations of the engine that began lately have written as well, so that one restart serves all of them. An emergency
 * does not wait.
 */
export async function gather({ store, gatherMs }: Deps, { credentials }: Deployment, ref: VersionRef): Promise<void> {
  const own = (await store.rotations(ref.credential)).find(({ closedAt }) => closedAt === null);
  if (own?.seized) return;
  const others = credentials.filter((each) => each !== ref.credential);
  while ((await Promise.all(others.map((each) => isAboutToWrite(store, each, gatherMs)))).some(Boolean))
    await delay(lookMs, undefined, { signal: scope().signal });
}

async function isAboutToWrite(store: Store, credential: string, gatherMs: number): Promise<boolean> {
  const open = (await store.rotations(credential)).find(({ closedAt }) => closedAt === null);
  if (!open || Date.now() - open.openedAt > gatherMs) return false;
  const next = (await store.versions(credential)).find(({ number }) => number === open.version);
  if (next?.state !== 'intended' && next?.state !== 'candidate') return false;
  return (await restartDueAt(store, { credential, number: open.version, fence: open.fence })) === null;
}
