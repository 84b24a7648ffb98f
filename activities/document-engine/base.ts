import type { Finding } from '../../src/domain/evidence.js';
import { recordFinding } from '../shared/evidence.js';
import { propagating } from '../shared/failures.js';
import { scope } from '../shared/scope.js';
import { addedFor, currentIdOf, displaced, soonMs, type DocumentEngineContext } from './context.js';
import type { ListedSecret } from './schemas.js';

/** No request uses a base directly. Only its entry in the list and the engine's builds can be observed. */
export async function isInForce(context: DocumentEngineContext): Promise<Finding> {
  const there = (await rowsOf(context, await context.client.secrets())).length > 0;
  await context.client.builds();
  const say = (outcome: Finding['outcome'], detail: string) =>
    recordFinding(context.store, context.ref, { kind: 'accepted', outcome, detail });
  return there
    ? say('not-observable', 'the engine lists it and builds documents; whether it uses the base cannot be observed')
    : say('failed', 'no listed secret is this version');
}

export async function isGone(context: DocumentEngineContext): Promise<Finding> {
  const there = (await rowsOf(context, await context.client.secrets())).length > 0;
  if (there && scope().waitedMs < 2 * soonMs)
    throw propagating('Document Engine still lists it; asked again', soonMs / 2);
  const say = (outcome: Finding['outcome'], detail: string) =>
    recordFinding(context.store, context.ref, { kind: 'refused', outcome, detail });
  return there
    ? say('failed', 'Document Engine still lists it')
    : say('not-observable', 'the engine no longer lists it; whether it is refused cannot be observed');
}

/** The listed secrets that are known to hold the version. */
async function rowsOf(context: DocumentEngineContext, listed: readonly ListedSecret[]): Promise<ListedSecret[]> {
  const { store, connection, ref } = context;
  const id = currentIdOf(await store.read(ref), connection);
  const newer = (await store.versions(ref.credential)).filter(({ number }) => number > ref.number);
  // The secret got a newer value, or a throwaway one.
  const overwritten = newer.some((version) =>
    [currentIdOf(version, connection), version.receipts[displaced]?.ours].includes(id),
  );
  const own = listed.filter((secret) => secret.id === id && !overwritten);
  return [...addedFor(context, ref, listed), ...own];
}
