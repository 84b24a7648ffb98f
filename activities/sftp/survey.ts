import { isLive } from '../../src/domain/version.js';
import type { ProviderSurvey, SurveyedVersion } from '../shared/survey.js';
import type { SftpDeps } from './activities.js';
import { knownLinesIn, nameOf } from './authorized-keys.js';
import { readKeys } from './authorize.js';
import { administer, tryKey } from './client.js';
import { fingerprintOf } from './key-pair.js';
import { loginWith, ownKeyOf, valueOf } from './context.js';

/** Probes only keys that the file accepts: a dead key would look like an attack. Keyturn's own key is no orphan. */
export async function survey(
  { store, account }: SftpDeps,
  credential: string,
  quietly = false,
): Promise<ProviderSurvey> {
  const connection = await account(credential);
  const file = await administer(connection, (files) => readKeys(files, connection.authorizedKeys));
  const lines = knownLinesIn(file.text);
  const known = new Set([await ownKeyOf(connection)]);
  const versions: SurveyedVersion[] = [];
  for (const { number, state } of await store.versions(credential)) {
    const value = await valueOf(store, { credential, number });
    if (!value) continue;
    known.add(value.publicKey);
    const there = lines.filter(({ publicKey }) => publicKey === value.publicKey);
    const isAsked = isLive(state) && there.some(({ isOff }) => !isOff);
    // A key that is switched off can be enabled again, so it counts as listed, unless it is the one that should work.
    const otherwise = there.length > 0 && state !== 'current' ? 'listed' : 'refused';
    const ask = async () => (quietly ? 'listed' : tryKey(connection, loginWith(connection, { ...value })));
    const verdict = isAsked ? await ask() : otherwise;
    versions.push({ number, verdict, lastUsedAt: null });
  }
  const orphans = lines
    .filter(({ publicKey }) => !known.has(publicKey))
    .map((line) => ({ id: fingerprintOf(line.publicKey), name: nameOf(line), madeFor: null, lastUsedAt: null }));
  return { versions, orphans };
}
