import type { VersionRef } from '../../src/domain/version.js';
import type { Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { permanent } from '../shared/failures.js';
import type { DocuElevateDeps } from './activities.js';
import { DocuElevateClient } from './client.js';
import type { DocuElevateConnection } from './session.js';

/** An engine and the settings that a version feeds there. */
export interface Engine {
  readonly store: Store;
  readonly client: DocuElevateClient;
  /** Part of the value by setting key. */
  readonly settings: Readonly<Record<string, string>>;
}

export async function openEngine({ store, sessions, engine }: DocuElevateDeps, ref: VersionRef): Promise<Engine> {
  const connection = await engine(ref.credential);
  const settings = settingsFedBy(await store.read(ref), connection);
  return { store, client: new DocuElevateClient(sessions.of(connection)), settings };
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
