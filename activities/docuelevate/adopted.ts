import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { recordFinding } from '../shared/evidence.js';
import type { DocuElevateDeps } from './activities.js';
import { DocuElevateClient } from './client.js';
import { fits } from './receipts.js';
import { settingsFedBy } from './engine.js';

/**
 * Whether every setting that an adopted version feeds shows its beginning and length. Stores the source of each setting with the
 * version: a value from the environment comes back with it.
 */
export async function holdsAdopted({ store, sessions, engine }: DocuElevateDeps, ref: VersionRef): Promise<Finding> {
  const connection = await engine(ref.credential);
  const client = new DocuElevateClient(sessions.of(connection));
  const settings = settingsFedBy(await store.read(ref), connection);
  const parts = await store.unseal(ref);
  const known = await client.credentials();
  const sourceOf = (key: string) => known.find((setting) => setting.key === key)?.source ?? null;
  const keys = Object.keys(settings);
  await store.note(ref, { sources: Object.fromEntries(keys.map((key) => [key, sourceOf(key)])) });
  const problems: string[] = [];
  for (const [key, part] of Object.entries(settings)) {
    const shownValue = await client.shownValue(key);
    if (!shownValue && connection.optionalParts?.includes(part)) continue;
    const problem = whyNotHeld(key, shownValue, parts[part] ?? '');
    if (problem !== null) problems.push(problem);
  }
  const isShown = problems.length === 0;
  const detail = isShown ? `${keys.join(' and ')}: beginning and length match` : problems.join('; ');
  return recordFinding(store, ref, { kind: 'setting-ours', outcome: isShown ? 'not-observable' : 'failed', detail });
}

/** Null when the value may be the shown one. */
function whyNotHeld(key: string, shownValue: string | null, value: string): string | null {
  if (!shownValue) return `${key} is not set in DocuElevate`;
  if (fits(shownValue, value)) return null;
  if (shownValue.startsWith('----') && !value.startsWith('----'))
    return `${key} holds the text of a key, but DocuElevate needs the path of a file there`;
  return `${key} shows another beginning or length in DocuElevate`;
}
