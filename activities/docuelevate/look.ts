import type { EngineUse } from '../../src/domain/procedure.js';
import type { SettingSight, StepSight } from '../../src/domain/verification.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { WriteReceipt } from '../../src/store/records.js';
import type { DocuElevateDeps } from './activities.js';
import type { DocuElevateClient } from './client.js';
import { ocrEngines } from './documents.js';
import { type Engine, mapSettings, openEngine, valuesOf } from './engine.js';
import { authorOf, fits, holderAmong, idOf, settled, withoutRenewals } from './receipts.js';
import { endOf, sightOf } from './processing.js';
import { historiesOf, type Histories, otherVersions } from './settings.js';
import type { LogLine } from './schemas.js';

/** A question to an engine, with the state at the last verification. */
export interface LookedFor {
  readonly version: VersionRef;
  readonly use: EngineUse | null;
  /** The newest log line then. Null before the first verification. */
  readonly line: number | null;
  /** By setting key: the newest change then, of settings that Keyturn has not written. */
  readonly changes: Readonly<Record<string, number>>;
}

/** The state of a version in an engine, read only. Without names of documents and without the engine's messages. */
export interface EngineLook {
  readonly settings: readonly SettingSight[];
  readonly documents: StepSight | null;
  readonly line: number | null;
  readonly changes: Readonly<Record<string, number>>;
  /** The engine has another value to use, so a document proves nothing about the version. */
  readonly hasOther: boolean;
}

const mostDocuments = 5; // the newest are enough; each costs a request

/** State of the settings, and of documents since the last verification. Changes nothing. */
export async function look(deps: DocuElevateDeps, wanted: LookedFor): Promise<EngineLook> {
  const engine = await openEngine(deps, wanted.version);
  const { client } = engine;
  const histories = await historiesOf(engine);
  const settings = await sightsOf(engine, wanted, histories);
  const lines = wanted.use ? await newestLines(client) : [];
  return {
    settings,
    changes: mapSettings(histories, (changes) => idOf(withoutRenewals(changes).own[0])),
    documents: wanted.use && wanted.line !== null ? endSince(lines, wanted.use.step, wanted.line) : null,
    line: Math.max(wanted.line ?? 0, ...lines.map(({ id }) => id)),
    hasOther: await usesOther(engine, wanted.use),
  };
}

async function sightsOf(engine: Engine, wanted: LookedFor, histories: Histories): Promise<SettingSight[]> {
  const { store, client } = engine;
  const { version, changes } = wanted;
  const { receipts } = await store.read(version);
  const others = await otherVersions(store, version);
  const sights: SettingSight[] = [];
  for (const [key, value] of Object.entries(await valuesOf(engine, version))) {
    const { own: history, renewed } = withoutRenewals(histories[key] ?? []);
    const newest = idOf(history[0]);
    const shows = renewed || fits(await client.shownValue(key), value);
    const receipt = settled(history, receipts[key], client.isOurs);
    // Of a setting that Keyturn has not written, the shown beginning and a change since the first verification can only disprove it.
    const asserted = shows && newest === (changes[key] ?? newest) ? 'asserted' : 'edited';
    const sight = receipt ? sightOfOurs(newest, receipt, shows) : asserted;
    const holder =
      sight === 'edited' ? holderAmong(others, { key, changes: history, isOurs: client.isOurs }) : undefined;
    sights.push({ key, sight, changed: authorOf(history[0]), ...(holder && { holds: holder.number }) });
  }
  return sights;
}

/** History ids only rise. A newest id below our own means that the engine's database was restored from before our write. */
function sightOfOurs(newest: number, { before, ours }: WriteReceipt, shows: boolean): SettingSight['sight'] {
  if (newest < (ours ?? before)) return 'restored';
  if (newest !== ours) return 'edited';
  return shows ? 'ours' : 'hidden';
}

async function newestLines(client: DocuElevateClient): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for (const id of await client.newestFiles(mostDocuments)) lines.push(...((await client.file(id))?.logs ?? []));
  return lines.sort((a, b) => a.id - b.id);
}

/** A task keeps the values that it started with, so only a task counts that began the step after `since`. */
function endSince(lines: readonly LogLine[], step: string, since: number): StepSight | null {
  const own = lines.filter((line) => line.id > since && line.step_name === step);
  const begun = new Set(own.filter(({ status }) => status === 'in_progress').map(({ task_id }) => task_id));
  const newest = own.findLast(({ task_id, status }) => begun.has(task_id) && status !== 'in_progress');
  return (newest && sightOf(endOf([newest], step), step, newest)) ?? null;
}

async function usesOther({ client, connection }: Engine, use: EngineUse | null): Promise<boolean> {
  const { fallback } = connection;
  if (fallback !== undefined && (await client.shownValue(fallback))) return true;
  return use?.scanFor !== undefined && !(await ocrEngines(client)).includes(use.scanFor);
}
