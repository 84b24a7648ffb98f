import type { VersionRef } from '../../src/domain/version.js';
import type { WriteReceipt } from '../../src/store/records.js';
import { requireFence } from '../shared/fencing.js';
import { OutsideError } from '../shared/outside-error.js';
import { needsDecision } from '../shared/failures.js';
import type { DocuElevateDeps } from './activities.js';
import { type Engine, openEngine, valuesOf } from './engine.js';
import { authorOf, fits, idOf, settled } from './receipts.js';
import type { Change } from './schemas.js';

/**
 * Makes every worker process of the engine reload its settings from the database before its next task, by writing a value that it
 * already holds. Otherwise a worker that started with an empty Redis uses the environment, which nothing shows.
 *
 * Only a setting of this version is written, and only while its newest change is ours: any other write would create a row that overrides
 * the environment forever. Returns why it was not written, or null.
 * @throws NeedsDecision when somebody changed the setting at the same moment; their value is restored first
 */
export async function reload(engine: Engine, ref: VersionRef): Promise<string | null> {
  const { store, client, settings } = engine;
  const key = Object.keys(settings).at(-1) ?? '';
  const { [key]: value = '' } = await valuesOf(engine, ref);
  // From here on the write is sent within the lease or not at all, so a frozen attempt cannot overwrite a later value.
  await requireFence(store, ref);
  const { receipts } = await store.read(ref);
  const changes = await client.changes(key);
  const receipt = settled(changes, receipts[key], client.isOurs);
  if (receipt?.ours === undefined || receipt.ours !== idOf(changes[0]))
    return `${key} was last changed ${authorOf(changes[0])}`;
  await store.note(ref, { receipts: { [key]: { ...receipt, again: true } } });
  if (!fits(await client.writeSetting(key, value), value)) throw notShown('WRITTEN_VALUE_NOT_SHOWN');
  const since = (await client.changes(key)).filter(({ id }) => id > idOf(changes[0]));
  await letStrangersWin({ engine, ref, key }, since);
  const ours = since.find(client.isOurs);
  if (!ours) throw notShown('WRITE_NOT_IN_HISTORY');
  await store.note(ref, { receipts: { [key]: written(receipt, ours) } });
  return null;
}

/** Reloads, for a rotation that depends on it. Throws NeedsDecision when the newest change of the setting is not ours. */
export async function makeEngineReload(deps: DocuElevateDeps, ref: VersionRef): Promise<void> {
  await requireFence(deps.store, ref);
  const why = await reload(await openEngine(deps, ref), ref);
  if (why !== null) throw needsDecision(`${why}, after Keyturn wrote it`);
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

function notShown(code: string): Error {
  return new OutsideError('DocuElevate', 'writeSetting', { code });
}
