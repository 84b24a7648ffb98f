import type { VersionRef } from '../../src/domain/version.js';
import type { WriteReceipt } from '../../src/store/records.js';
import { requireFence } from '../shared/fencing.js';
import { needsDecision } from '../shared/failures.js';
import type { DocuElevateDeps } from './activities.js';
import { type Engine, openEngine, ownAmong, valuesOf, whyOverridden, writeShown } from './engine.js';
import { authorOf, idOf, settled, shows, withoutRenewals } from './receipts.js';
import type { Change } from './schemas.js';

/**
 * Makes every worker process of the engine reload its settings from the database before its next task, by writing a value that it
 * already holds. Otherwise a worker that started with an empty Redis uses the environment, which nothing shows.
 *
 * Only a setting of this version is written, and only while its newest change is ours: any other write would create a row that overrides
 * the environment forever. Returns why it was not written, or null.
 * @throws NeedsDecision when somebody changed the setting at the same moment; their value is restored first
 */
export async function rewrite(engine: Engine, ref: VersionRef): Promise<string | null> {
  const { store, client, settings, connection } = engine;
  if (connection.inEnvironment) return whyNotInUse(engine, ref); // a row would override it
  const key = Object.keys(settings).at(-1) ?? '';
  const { [key]: value = '' } = await valuesOf(engine, ref);
  // From here on the write is sent within the lease or not at all, so a frozen attempt cannot overwrite a later value.
  await requireFence(store, ref);
  const { receipts } = await store.read(ref);
  const { own: changes, renewed } = withoutRenewals(await client.changes(key));
  const receipt = settled(changes, receipts[key], client.isOurs);
  if (receipt?.ours === undefined || receipt.ours !== idOf(changes[0]))
    return `${key} was last changed ${authorOf(changes[0])}`;
  if (renewed) return null; // DocuElevate's own write has made every worker reload
  await store.note(ref, { receipts: { [key]: { ...receipt, again: true } } });
  await writeShown(client, key, value);
  const since = (await client.changes(key)).filter(({ id }) => id > idOf(changes[0]));
  await letStrangersWin({ engine, ref, key }, since);
  await store.note(ref, { receipts: { [key]: written(receipt, ownAmong(since, client)) } });
  return null;
}

/** Processes read their environment when they start. What they show, and the absence of a row, can disprove that they use the version. */
async function whyNotInUse(engine: Engine, ref: VersionRef): Promise<string | null> {
  const { adopted } = await engine.store.read(ref);
  const row = adopted ? null : await whyOverridden(engine); // an adopted value may come from a row
  if (row !== null) return row;
  for (const [key, value] of Object.entries(await valuesOf(engine, ref)))
    if (!shows(await engine.client.shownValue(key), value)) return `${key} does not show our value`;
  return null;
}

/** Makes the engine reload, for a rotation that depends on it. Throws NeedsDecision when the newest change of the setting is not ours. */
export async function reload(deps: DocuElevateDeps, ref: VersionRef): Promise<void> {
  await requireFence(deps.store, ref);
  const why = await rewrite(await openEngine(deps, ref), ref);
  if (why !== null) throw needsDecision(`${why}, after Keyturn wrote it`);
}

/** Makes the engine reload, if a worker is online. Returns why it was not done, or null. */
export async function makeReload(deps: DocuElevateDeps, version: VersionRef): Promise<string | null> {
  const engine = await openEngine(deps, version);
  if ((await engine.client.workersOnline()) === 0) return 'no worker of DocuElevate is online to reload';
  return rewrite(engine, version);
}

function written({ before, ours: earlier, first = earlier }: WriteReceipt, { id }: Change): WriteReceipt {
  return { before, ours: id, ...(first !== undefined && { first }) };
}

interface Rewrite {
  readonly engine: Engine;
  readonly ref: VersionRef;
  readonly key: string;
}

/** Undoes our own change where it overwrote another person's change made just before. `since`: newest first. */
async function letStrangersWin({ engine, ref, key }: Rewrite, since: readonly Change[]): Promise<void> {
  const { store, client } = engine;
  const stranger = since.find((change) => !client.isOurs(change));
  if (!stranger) return;
  const [over] = since.filter((change) => change.id > stranger.id).toReversed();
  const what = `${key} was changed ${authorOf(stranger)}, at the same moment as Keyturn wrote its value again`;
  if (!over) throw needsDecision(`${what}: its present value stays`);
  await requireFence(store, ref);
  const back = await client.rollBack(key, over.id);
  throw needsDecision(
    back
      ? `${what}: their value was restored`
      : `${what}, and DocuElevate cannot restore theirs: check the setting before you decide`,
  );
}
