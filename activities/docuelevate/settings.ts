import { type Finding, freshProofMs } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { WriteReceipt, WriteReceipts, Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { reporting } from '../shared/evidence.js';
import { formerAmong } from '../shared/former.js';
import { requireFence } from '../shared/fencing.js';
import { needsDecision, permanent } from '../shared/failures.js';
import { ownConnection } from '../shared/proxy.js';
import type { DocuElevateDeps } from './activities.js';
import { type Engine, mapSettings, openEngine, ownAmong, valuesOf, writeShown } from './engine.js';
import {
  authorOf,
  beginning,
  fits,
  holderAmong,
  idOf,
  settled,
  receiptStatus,
  strangerAmong,
  withoutRenewals,
} from './receipts.js';
import type { Change } from './schemas.js';

/** Writes the version's value to the settings that it feeds. */
export async function writeSettings(deps: DocuElevateDeps, ref: VersionRef): Promise<void> {
  const engine = await openEngine(deps, ref);
  const values = await valuesOf(engine, ref);
  const { engine: held, receipts } = await engine.store.read(ref);
  const known = held === 'maybe' || held === 'yes' ? receipts : {};
  const histories = await historiesOf(engine);
  const begun = mapSettings(histories, (changes, key) => beginning(changes, known[key], engine.client.isOurs));
  await write(engine, ref, { values, histories, receipts: begun });
}

/** Restores the value that was in force before this version, unless somebody has changed a setting since. */
export async function restoreSettings(deps: DocuElevateDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  const version = await store.read(ref);
  if (version.engine === 'never' || version.engine === 'no') return;
  const old = earlierThan(ref, await store.versions(ref.credential));
  await requireRestorable(store, ref, old);
  const target = { ...ref, number: old.number };
  const engine = await openEngine(deps, target);
  const values = await valuesOf(engine, target);
  const histories = await historiesOf(engine);
  const receipts = mapSettings(histories, (changes, key) => {
    const stranger = strangerAmong(changes, receiptStatus({ version, old, key }), engine.client.isOurs);
    if (stranger)
      throw needsDecision(`${key} was changed ${authorOf(stranger)}, after Keyturn wrote it: its present value stays`);
    return { before: idOf(changes[0]) };
  });
  await write(engine, target, { values, histories, receipts });
}

/** Whether our own change is the newest of every setting that the version feeds. */
export async function settingsAreOurs(deps: DocuElevateDeps, ref: VersionRef): Promise<Finding> {
  const engine = await openEngine(deps, ref);
  const { receipts } = await engine.store.read(ref);
  const values = await valuesOf(engine, ref);
  const histories = await historiesOf(engine);
  const others = await otherVersions(engine.store, ref);
  const problems: string[] = [];
  for (const [key, value] of Object.entries(values)) {
    const { own, renewed } = withoutRenewals(histories[key] ?? []);
    const setting = { key, changes: own, isOurs: engine.client.isOurs };
    const holder = isNewestIn(receipts, setting) ? undefined : holderAmong(others, setting);
    if (holder) problems.push(holdsOther(key, holder, ref));
    else if (!isNewestIn(receipts, setting)) problems.push(`${key} was last changed ${authorOf(own[0])}`);
    if (holder || renewed) continue;
    if (!fits(await engine.client.shownValue(key), value)) problems.push(`${key} does not show our value`);
  }
  const say = reporting(engine.store, ref, 'setting-ours');
  if (problems.length > 0) return say('failed', problems.join('; '));
  return say('proved', 'the newest change of every setting is our own');
}

/** Until now DocuElevate may have got the value by its environment: then only its row was deleted. */
function isNewestIn(receipts: WriteReceipts, { key, changes, isOurs }: Parameters<typeof holderAmong>[1]): boolean {
  if (receipts[key] === undefined && receipts[`row of ${key}`] !== undefined) return true;
  return settled(changes, receipts[key], isOurs)?.ours === idOf(changes[0]);
}

/** Such as those that rotations wrote that were given up. */
export async function otherVersions(store: Store, { credential, number }: VersionRef): Promise<Version[]> {
  return (await store.versions(credential)).filter((version) => version.number !== number);
}

/** Says that nobody else has changed a setting. */
function holdsOther(key: string, { number }: Version, wanted: VersionRef): string {
  return `${key} holds version ${number} in place of version ${wanted.number}, as Keyturn itself wrote it`;
}

/** A write of settings, by setting key. */
interface Writing {
  readonly values: Readonly<Record<string, string>>;
  /** As just before the write. */
  readonly histories: Histories;
  readonly receipts: WriteReceipts;
}

export type Histories = Readonly<Record<string, readonly Change[]>>;

/** Writes all settings back to back, so that the parts of a pair disagree only briefly. Then collects the evidence of the writes. */
async function write(engine: Engine, ref: VersionRef, { values, histories, receipts }: Writing): Promise<void> {
  const { store, client } = engine;
  const shownBefore: Record<string, string | null> = {};
  for (const key of Object.keys(values)) shownBefore[key] = await client.shownValue(key);
  await requireFence(store, ref); // the receipts of a later attempt must not be overwritten
  await store.note(ref, { engine: 'maybe', receipts });
  for (const [key, value] of Object.entries(values)) {
    await requireFence(store, ref);
    await writeShown(client, key, value);
  }
  for (const [key, value] of Object.entries(values))
    if (!fits(shownBefore[key] ?? null, value)) await letProcessesAgree(engine, ref, { key, value });
  const written: Record<string, WriteReceipt> = {};
  for (const [key, receipt] of Object.entries(receipts)) {
    const newer = (await client.changes(key)).filter(({ id }) => id > idOf(histories[key]?.[0]));
    written[key] = { before: receipt.before, ours: ownAmong(newer, client).id };
  }
  await store.note(ref, { engine: 'yes', receipts: written });
}

const agreeingReads = 20; // misses one stale process of two once in a million times, one of three once in 3,000
const mostWrites = 20; // three processes needed three

/**
 * Makes every API process of the engine show a value. Each process has its own memory, and a write reaches only the process that serves
 * it. An open connection stays with one process. So each read uses a new connection, and a process that disagrees gets the write on the
 * same connection. Documents do not depend on this, so a lasting disagreement is only reported.
 */
async function letProcessesAgree(
  { store, client }: Engine,
  ref: VersionRef,
  { key, value }: { readonly key: string; readonly value: string },
): Promise<void> {
  let writes = 0;
  for (let agreeing = 0; agreeing < agreeingReads; agreeing += 1) {
    const connection = ownConnection();
    try {
      if (fits(await client.shownValue(key, connection), value)) continue;
      if (writes === mostWrites) {
        const detail = `DocuElevate's API processes do not agree on ${key}: restart its API`;
        await store.prove(ref, { kind: 'processes', outcome: 'failed', detail });
        return;
      }
      [writes, agreeing] = [writes + 1, -1];
      await requireFence(store, ref);
      await client.writeSetting(key, value, connection);
    } finally {
      await connection.close();
    }
  }
  if (writes > 0) await store.prove(ref, { kind: 'processes', outcome: 'proved', detail: `they agree on ${key}` });
}

export async function historiesOf({ client, settings }: Pick<Engine, 'client' | 'settings'>): Promise<Histories> {
  const histories: Record<string, readonly Change[]> = {};
  for (const key of Object.keys(settings)) histories[key] = await client.changes(key);
  return histories;
}

/** The version that was in force before this one, or still is. */
function earlierThan(ref: VersionRef, versions: readonly Version[]): Version {
  const earlier = formerAmong(versions, ref);
  if (earlier) return earlier;
  throw needsDecision(
    `version ${ref.number} of ${ref.credential} stays in DocuElevate: no earlier value is known that could be restored`,
  );
}

/** Restoring a value that does not work would break the engine. */
async function requireRestorable(store: Store, { credential, number }: VersionRef, old: Version): Promise<void> {
  const what = `version ${old.number} of ${credential}`;
  if (old.compromised)
    throw needsDecision(`${what} is compromised and is not restored; version ${number} stays in DocuElevate`);
  const newest = (await store.evidence(old)).find(({ kind }) => kind === 'accepted');
  const isFresh = newest !== undefined && Date.now() - newest.at <= freshProofMs;
  if (!isFresh || newest.outcome === 'failed')
    throw permanent('StaleProof', `${what} is restored only when it was proved to work within the last 10 minutes`);
}
