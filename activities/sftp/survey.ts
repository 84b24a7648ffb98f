import type { ProviderSurvey, SurveyedVersion } from '../shared/survey.js';
import type { SftpDeps } from './activities.js';
import { linesIn } from './authorized-keys.js';
import { readKeys } from './authorize.js';
import { administer, tryKey } from './client.js';
import { fingerprintOf, readKey } from './key-pair.js';
import { loginWith, valueOf } from './standing.js';

/** Only what the file lets in is asked with: a dead key would look like an attack. Keyturn's own key is no stray. */
export async function survey({ store, account }: SftpDeps, credential: string): Promise<ProviderSurvey> {
  const connection = await account(credential);
  const file = await administer(connection, (files) => readKeys(files, connection.authorizedKeys));
  const lines = linesIn(file.text);
  const known = new Set([
    readKey(await connection.adminKey())
      .getPublicSSH()
      .toString('base64'),
  ]);
  const versions: SurveyedVersion[] = [];
  for (const { number } of await store.versions(credential)) {
    const value = await valueOf(store, { credential, number });
    if (!value) continue;
    known.add(value.publicKey);
    const there = lines.some(({ publicKey }) => publicKey === value.publicKey);
    const verdict = there ? await tryKey(connection, loginWith(connection, { ...value })) : 'refused';
    versions.push({ number, verdict, lastUsedAt: null });
  }
  const strays = lines
    .filter(({ publicKey }) => !known.has(publicKey))
    .map(({ publicKey, comment }) => ({
      ...{ id: fingerprintOf(publicKey), name: comment || 'without a name', madeFor: null, lastUsedAt: null },
    }));
  return { versions, strays };
}
