import type { VersionRef } from '../../src/domain/version.js';
import type { Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { permanent } from '../shared/failures.js';
import { OutsideError } from '../shared/outside-error.js';
import type { DocuElevateDeps } from './activities.js';
import { DocuElevateClient } from './client.js';
import { fits } from './receipts.js';
import type { Change } from './schemas.js';
import type { DocuElevateConnection } from './session.js';

/** An engine and the settings that a version feeds there. */
export interface Engine {
  readonly store: Store;
  readonly connection: DocuElevateConnection;
  readonly client: DocuElevateClient;
  /** Part of the value by setting key. */
  readonly settings: Readonly<Record<string, string>>;
}

/** The engine of a credential. */
export async function connect({ sessions, engine }: DocuElevateDeps, credential: string) {
  const connection = await engine(credential);
  return { connection, client: new DocuElevateClient(sessions.of(connection)) };
}

export async function openEngine(deps: DocuElevateDeps, ref: VersionRef): Promise<Engine> {
  const { store } = deps;
  const { connection, client } = await connect(deps, ref.credential);
  return { store, connection, client, settings: settingsFedBy(await store.read(ref), connection) };
}

/** The settings that a version feeds. Without an optional part, its setting stays as it is. */
export function settingsFedBy(
  { parts }: Pick<Version, 'parts'>,
  { settings, optionalParts = [] }: Pick<DocuElevateConnection, 'settings' | 'optionalParts'>,
): DocuElevateConnection['settings'] {
  const feeds = ([, part]: [string, string]): boolean => parts.includes(part) || !optionalParts.includes(part);
  return Object.fromEntries(Object.entries(settings).filter(feeds));
}

/** The values to write, checked: the engine stores anything, and an empty value disables the service. */
export async function valuesOf({ store, settings }: Engine, ref: VersionRef): Promise<Record<string, string>> {
  const parts = await store.unseal(ref);
  return mapSettings(settings, (part, key) => {
    const value = parts[part] ?? '';
    if (value !== '' && !/\p{Cc}/u.test(value)) return value;
    const flaw = value === '' ? 'is empty' : 'holds a line break or another control character';
    throw permanent('Rejected', `part "${part}" of version ${ref.number} ${flaw}, so it cannot be written to ${key}`);
  });
}

export function mapSettings<A, B>(
  settings: Readonly<Record<string, A>>,
  make: (value: A, key: string) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, make(value, key)]));
}

/** Why the environment does not count for a credential: rows in the database override it. Null where there are none. */
export async function whyOverridden({ client, settings }: Pick<Engine, 'client' | 'settings'>): Promise<string | null> {
  const rows = (await client.credentials()).filter(({ key, source }) => key in settings && source === 'db');
  if (rows.length === 0) return null;
  return `DocuElevate's database has ${rows.map(({ key }) => key).join(' and ')}, which overrides the environment`;
}

/** Writes a setting, which the engine has to show then. */
export async function writeShown(client: DocuElevateClient, key: string, value: string): Promise<void> {
  if (!fits(await client.writeSetting(key, value), value)) throw notShown('WRITTEN_VALUE_NOT_SHOWN');
}

/** Our own change among those that a setting's history shows since a write. */
export function ownAmong(since: readonly Change[], client: DocuElevateClient): Change {
  const ours = since.find(client.isOurs);
  if (!ours) throw notShown('WRITE_NOT_IN_HISTORY');
  return ours;
}

function notShown(code: string): Error {
  return new OutsideError('DocuElevate', 'writeSetting', { code });
}
