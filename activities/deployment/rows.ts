import type { VersionRef } from '../../src/domain/version.js';
import type { WriteReceipt, WriteReceipts } from '../../src/store/records.js';
import type { DocuElevateClient } from '../docuelevate/client.js';
import { type Engine, openEngine } from '../docuelevate/engine.js';
import { authorOf, idOf } from '../docuelevate/receipts.js';
import type { Change } from '../docuelevate/schemas.js';
import { type Histories, historiesOf } from '../docuelevate/settings.js';
import { needsDecision } from '../shared/failures.js';
import { requireFence } from '../shared/fencing.js';
import type { DeploymentDeps } from './activities.js';
import { noteRestartDue } from './due.js';

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
  await requireUncompromised(engine, ref);
  const histories = await historiesOf(engine);
  for (const key of begun.reverse()) {
    const deletion = deletionOf(engine, histories, { key, receipt: receipts[receiptKey(key)] });
    if (!deletion || isBack(engine.client, histories[key], { key, deletion })) continue;
    await requireFence(store, ref);
    if (!(await engine.client.rollBack(key, deletion.id)))
      throw needsDecision(`DocuElevate cannot restore the row of ${key}, which was deleted: it was empty`);
  }
}

/** Whether the row is there again, by an earlier attempt of ours. Throws NeedsDecision when somebody else wrote it. */
function isBack(
  client: DocuElevateClient,
  changes: readonly Change[] = [],
  { key, deletion }: { readonly key: string; readonly deletion: Change },
): boolean {
  const since = changes.filter(({ id }) => id > deletion.id);
  const stranger = since.find((change) => !client.isOurs(change));
  if (!stranger) return since.length > 0;
  throw needsDecision(
    `${key} was changed ${authorOf(stranger)}, after Keyturn deleted its row: its present value stays`,
  );
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

/** A row that is put back has the value that was in force before. */
async function requireUncompromised({ store }: Engine, { credential, number }: VersionRef): Promise<void> {
  const former = (await store.versions(credential)).find(({ state }) => state === 'current' || state === 'retiring');
  if (former?.compromised === true && former.number !== number)
    throw needsDecision(`version ${former.number} of ${credential} is compromised and is not restored`);
}

function receiptKey(key: string): string {
  return `row of ${key}`;
}

function receiptsOf(keys: readonly string[], receipt: (key: string) => WriteReceipt): WriteReceipts {
  return Object.fromEntries(keys.map((key) => [receiptKey(key), receipt(key)]));
}
