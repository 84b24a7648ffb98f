import { isLive } from '../../src/domain/version.js';
import type { Version } from '../../src/store/records.js';
import { askAbout, type ProviderSurvey, type Stray, type SurveyedVersion } from '../shared/survey.js';
import type { AwsDeps } from './activities.js';
import type { ListedKey } from './client.js';
import { knownIds, type Work, workOn } from './lost.js';
import { acceptance, objectName } from './probes.js';

export async function survey(deps: AwsDeps, credential: string): Promise<ProviderSurvey> {
  const work = await workOn(deps, { credential, number: 0, fence: 0 });
  const listed = await work.client.keys();
  const versions: SurveyedVersion[] = [];
  for (const version of await deps.store.versions(credential)) versions.push(await look(work, version, listed));
  return { versions, strays: await straysIn(work, listed) };
}

/** Asked with a value is the current version, and one that should be there and is not. */
async function look(work: Work, version: Version, listed: readonly ListedKey[]): Promise<SurveyedVersion> {
  const { number, providerId: id, state, parts } = version;
  const isListed = listed.some((key) => key.id === id);
  const plain = { number, lastUsedAt: isListed && id !== null ? ((await work.client.lastUsed(id)) ?? null) : null };
  const asked = isLive(state) && parts.length > 0 && (state === 'current' || !isListed);
  if (!asked) return { ...plain, verdict: isListed ? 'listed' : 'not listed' };
  const { deps, client, connection, ref } = work;
  const prober = acceptance(client, connection, objectName(deps, connection, ref));
  return { ...plain, verdict: await askAbout(prober, deps.store, { version, listed: isListed }) };
}

/** Keys that no version has: nothing tells whose they are, so they are left alone. */
async function straysIn({ deps, client }: Work, listed: readonly ListedKey[]): Promise<Stray[]> {
  const known = await knownIds(deps);
  const strays: Stray[] = [];
  for (const { id, active } of listed)
    if (!known.has(id))
      strays.push({
        id,
        name: active ? id : `${id} (inactive)`,
        madeFor: null,
        lastUsedAt: (await client.lastUsed(id)) ?? null,
      });
  return strays;
}
