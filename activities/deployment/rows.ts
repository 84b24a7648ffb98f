import type { VersionRef } from '../../src/domain/version.js';
import type { Version, WriteReceipt, WriteReceipts } from '../../src/store/records.js';
import { type Engine, openEngine } from '../docuelevate/engine.js';
import { authorOf, idOf } from '../docuelevate/receipts.js';
import type { Change } from '../docuelevate/schemas.js';
import { type Histories, historiesOf } from '../docuelevate/settings.js';
import { needsDecision } from '../shared/failures.js';
import { requireFence } from '../shared/fencing.js';
import type { DeploymentDeps } from './activities.js';
import { noteRestartDue } from './due.js';
import { formerAmong } from '../shared/former.js';

/**
 * Deletes the database rows of the version's settings, which override the environment. By itself this changes no value in use: every
 * process keeps the deleted one until its next start. Where there is no row, the receipt has no change of ours.
 */
export async function deleteRows(deps: DeploymentDeps, ref: VersionRef): Promise<void> {
  const engine = await openEngine(deps, ref);
  const { store, client, settings } = engine;
  const keys = Object.keys(settings);
  const before = await historiesOf(engine);
  const { receipts } = await store.read(ref);
  const begun = receiptsOf(keys, (key) => receipts[receiptKey(key)] ?? { before: idOf(before[key]?.[0]) });
  await requireFence(store, ref); // the receipts of a later attempt must not be overwritten
  await store.note(ref, { receipts: begun });
  for (const key of keys) {
    await requireFence(store, ref);
    await client.deleteSetting(key);
  }
  const after = await historiesOf(engine);
  const deleted = keys.filter((key) => deletionOf(engine, after, { key, receipt: begun[receiptKey(key)] }));
  if (deleted.length === 0) return;
  const done = receiptsOf(deleted, (key) => {
    const receipt = begun[receiptKey(key)];
    return { before: receipt?.before ?? 0, ours: idOf(deletionOf(engine, after, { key, receipt })) };
  });
  await store.note(ref, { receipts: done });
  await noteRestartDue(deps, ref, `the rows of ${deleted.join(' and ')} were deleted`);
}

/** Puts back the rows that were deleted for the version, unless somebody has written them since. They count at once. */
export async function restoreRows(deps: DeploymentDeps, ref: VersionRef): Promise<void> {
  const engine = await openEngine(deps, ref);
  const { store, settings } = engine;
  const { receipts } = await store.read(ref);
  const begun = Object.keys(settings).filter((key) => receipts[receiptKey(key)] !== undefined);
  if (begun.length === 0) return;
  const former = formerAmong(await store.versions(ref.credential), ref);
  requireUncompromised(ref, former);
  const histories = await historiesOf(engine);
  const left: string[] = [];
  for (const key of begun.reverse()) {
    const deletion = deletionOf(engine, histories, { key, receipt: receipts[receiptKey(key)] });
    if (!deletion) continue;
    const why = await whyLeft(engine, ref, { key, deletion, changes: histories[key] ?? [] });
    if (why !== null) left.push(why);
    else if (former) await noteRestored(engine, { ...ref, number: former.number }, key);
  }
  if (left.length > 0) throw needsDecision(left.join('; '));
}

/** A row that is put back has the value that was in force before. */
function requireUncompromised({ credential }: VersionRef, former: Version | undefined): void {
  if (former?.compromised)
    throw needsDecision(`version ${former.number} of ${credential} is compromised and is not restored`);
}

interface DeletedRow {
  readonly key: string;
  readonly deletion: Change;
  readonly changes: readonly Change[];
}

/** Puts a row back, unless an earlier attempt of ours did. Returns why it is not there again, or null. */
async function whyLeft(
  engine: Engine,
  ref: VersionRef,
  { key, deletion, changes }: DeletedRow,
): Promise<string | null> {
  const { store, client } = engine;
  const since = changes.filter(({ id }) => id > deletion.id);
  const stranger = since.find((change) => !client.isOurs(change));
  if (stranger)
    return `${key} was changed ${authorOf(stranger)}, after Keyturn deleted its row: its present value stays`;
  if (since.length > 0) return null;
  await requireFence(store, ref);
  if (await client.rollBack(key, deletion.id)) return null;
  return `DocuElevate cannot restore the row of ${key}, which was deleted: it was empty`;
}

/** The row is Keyturn's own write now, with the value that was in force before. */
async function noteRestored({ store, client }: Engine, former: VersionRef, key: string): Promise<void> {
  const [newest, before] = await client.changes(key);
  if (!newest || !client.isOurs(newest)) return;
  await store.note(former, { receipts: { [key]: { before: idOf(before), ours: newest.id } } });
}

/** Our deletion of a row. Undefined where there was no row. */
function deletionOf(
  { client }: Pick<Engine, 'client'>,
  histories: Histories,
  { key, receipt }: { readonly key: string; readonly receipt: WriteReceipt | undefined },
): Change | undefined {
  const since = (histories[key] ?? []).filter(({ id }) => id > (receipt?.before ?? 0));
  return since.find((change) => change.action === 'delete' && client.isOurs(change));
}

function receiptKey(key: string): string {
  return `row of ${key}`;
}

function receiptsOf(keys: readonly string[], receipt: (key: string) => WriteReceipt): WriteReceipts {
  return Object.fromEntries(keys.map((key) => [receiptKey(key), receipt(key)]));
}
