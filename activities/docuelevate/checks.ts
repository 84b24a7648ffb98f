import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { reporting } from '../shared/evidence.js';
import type { DocuElevateDeps } from './activities.js';
import { connect, openEngine } from './engine.js';
import { shows } from './receipts.js';

interface ConnectionTest {
  readonly version: VersionRef;
  /** The service's name in the path of the engine's test. */
  readonly service: 'azure';
}

/**
 * Whether the engine's own test of a service succeeds with the value it has in memory. The engine answers a failure with 200 as well, and
 * its message may hold the value: only the status field is read.
 */
export async function testConnection(deps: DocuElevateDeps, { version, service }: ConnectionTest): Promise<Finding> {
  const { client } = await connect(deps, version.credential);
  const succeeded = await client.testConnection(service);
  const detail = `GET /api/${service}/test answered ${succeeded ? 'success' : 'error'}`;
  return reporting(deps.store, version, 'connection')(succeeded ? 'proved' : 'failed', detail);
}

interface SettingOf {
  readonly version: VersionRef;
  readonly setting: string;
}

/** Whether the fallback setting is empty. The engine falls back silently, and a processed document would then prove nothing. */
export async function hasNoFallback(deps: DocuElevateDeps, { version, setting }: SettingOf): Promise<Finding> {
  const { client } = await connect(deps, version.credential);
  const say = reporting(deps.store, version, 'in-use');
  if (await client.shownValue(setting))
    return say('failed', `${setting} is set, and DocuElevate silently falls back to it: clear it`);
  return say(
    'not-observable',
    `a server does not show which value was used; ${setting} is not set, so it was not that one`,
  );
}

/**
 * Whether every setting that an adopted version feeds shows its beginning and length. Stores the source of each setting with the
 * version: a value from the environment comes back with it.
 */
export async function holdsAdopted(deps: DocuElevateDeps, ref: VersionRef): Promise<Finding> {
  const { store, client, connection, settings } = await openEngine(deps, ref);
  const parts = await store.unseal(ref);
  const known = await client.credentials();
  const sourceOf = (key: string) => known.find((setting) => setting.key === key)?.source ?? null;
  const keys = Object.keys(settings);
  await store.note(ref, { sources: Object.fromEntries(keys.map((key) => [key, sourceOf(key)])) });
  const problems: string[] = [];
  for (const [key, part] of Object.entries(settings)) {
    const shownValue = await client.shownValue(key);
    if (!shownValue && connection.optionalParts?.includes(part)) continue;
    problems.push(...whyNotHeld(key, shownValue, parts[part] ?? ''));
  }
  const say = reporting(store, ref, 'setting-ours');
  if (problems.length > 0) return say('failed', problems.join('; '));
  return say('not-observable', `${keys.join(' and ')}: beginning and length match`);
}

/** Empty when the value may be the shown one. */
function whyNotHeld(key: string, shownValue: string | null, value: string): string[] {
  if (!shownValue) return [`${key} is not set in DocuElevate`];
  if (shows(shownValue, value)) return [];
  if (shownValue.startsWith('----') && !value.startsWith('----'))
    return [`${key} holds the text of a key, but DocuElevate needs the path of a file there`];
  return [`${key} shows another beginning or length in DocuElevate`];
}
