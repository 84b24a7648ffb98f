import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { recordFinding } from '../shared/evidence.js';
import { propagating } from '../shared/failures.js';
import { scope } from '../shared/scope.js';
import type { DocumentEngineDeps } from './activities.js';
import { addedFor, currentIdOf, displaced, open, soonMs, type DocumentEngineWork } from './standing.js';
import type { ListedSecret } from './schemas.js';

/** Nobody can ask with a base, so all that is seen is that the engine lists it and does its work. */
export async function isInForce(deps: DocumentEngineDeps, ref: VersionRef): Promise<Finding> {
  const work = await open(deps, ref);
  const there = (await rowsOf(work, await work.client.secrets())).length > 0;
  await work.client.builds();
  const say = (outcome: Finding['outcome'], detail: string) =>
    recordFinding(work.store, ref, { kind: 'accepted', outcome, detail });
  return there
    ? say('not-observable', 'the engine lists it and builds documents; that keys are made from it cannot be seen')
    : say('failed', 'no secret of the list is this version');
}

export async function isGone(deps: DocumentEngineDeps, ref: VersionRef): Promise<Finding> {
  const work = await open(deps, ref);
  const there = (await rowsOf(work, await work.client.secrets())).length > 0;
  if (there && scope().waitedMs < 2 * soonMs)
    throw propagating('Document Engine still lists it; asked again', soonMs / 2);
  const say = (outcome: Finding['outcome'], detail: string) =>
    recordFinding(work.store, ref, { kind: 'refused', outcome, detail });
  return there
    ? say('failed', 'Document Engine still lists it')
    : say('not-observable', 'the engine does not list it any more; nobody can ask with it whether it is refused');
}

/** The secrets of the list that are known to hold the version. */
async function rowsOf(work: DocumentEngineWork, listed: readonly ListedSecret[]): Promise<ListedSecret[]> {
  const { store, connection, ref } = work;
  const id = currentIdOf(await store.read(ref), connection);
  const newer = (await store.versions(ref.credential)).filter(({ number }) => number > ref.number);
  // Its row took a newer value, or one that nobody holds.
  const overwritten = newer.some((version) =>
    [currentIdOf(version, connection), version.receipts[displaced]?.ours].includes(id),
  );
  const own = listed.filter((secret) => secret.id === id && !overwritten);
  return [...addedFor(work, ref, listed), ...own];
}
