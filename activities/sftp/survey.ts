import { isLive } from '../../src/domain/version.js';
import type { Listing } from '../shared/listing.js';
import type { ProviderSurvey, SurveyedVersion } from '../shared/survey.js';
import type { SftpDeps } from './activities.js';
import { knownLinesIn, nameOf, withoutKeys } from './authorized-keys.js';
import { edit } from './authorize.js';
import type { SftpConnection } from './client.js';
import { keysOf, ownKeyOf, valueOf } from './context.js';
import { fingerprintOf } from './key-pair.js';
import { tryLogin } from './probes.js';

/**
 * State of the account for `keyturn reconcile`. Changes nothing there. Probes only keys that the file accepts: a dead key would look like an
 * attack. Keyturn's own key is no orphan.
 */
export async function survey(deps: SftpDeps, credential: string, quietly = false): Promise<ProviderSurvey> {
  const { store } = deps;
  const connection = await deps.account(credential);
  const lines = knownLinesIn(await keysOf(connection));
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
    const ask = async () => (quietly ? 'listed' : tryLogin(connection, value));
    const verdict = isAsked ? await ask() : otherwise;
    versions.push({ number, verdict, lastUsedAt: null });
  }
  const orphans = lines
    .filter(({ publicKey }) => !known.has(publicKey))
    .map((line) => ({ id: fingerprintOf(line.publicKey), name: nameOf(line), madeFor: null, lastUsedAt: null }));
  return { versions, orphans };
}

/** The keys of authorized_keys by fingerprint, including those switched off. Without Keyturn's own key, which is needed to end the others. */
export function sftpListing(connection: SftpConnection): Listing {
  return {
    async list() {
      const own = await ownKeyOf(connection);
      const others = knownLinesIn(await keysOf(connection)).filter(({ publicKey }) => publicKey !== own);
      return others.map((line) => {
        const id = fingerprintOf(line.publicKey);
        return { id, mark: id, name: nameOf(line), lastUsedAt: null };
      });
    },
    end: (id) =>
      edit(connection, {
        requireWriter: async () => undefined, // there is no store to ask
        change(text) {
          const publicKeys = knownLinesIn(text).map(({ publicKey }) => publicKey);
          return withoutKeys(
            text,
            publicKeys.filter((publicKey) => fingerprintOf(publicKey) === id),
          );
        },
      }),
  };
}
