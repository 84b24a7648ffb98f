import { isLive } from '../../src/domain/version.js';
import type { Version } from '../../src/store/records.js';
import { askAbout, type ProviderSurvey, type Orphan, type SurveyedVersion } from '../shared/survey.js';
import type { AwsDeps } from './activities.js';
import type { ListedKey } from './client.js';
import { knownIds, type AwsWork, workOn } from './lost.js';
import { acceptance, objectName } from './probes.js';
import { isForbidden } from './refusals.js';

export async function survey(deps: AwsDeps, credential: string, quietly = false): Promise<ProviderSurvey> {
  const work = { ...(await workOn(deps, { credential, number: 0, fence: 0 })), quietly };
  const listed = await work.client.keys();
  const versions: SurveyedVersion[] = [];
  for (const version of await deps.store.versions(credential)) versions.push(await look(work, version, listed));
  return { versions, orphans: await orphansIn(work, listed) };
}

interface Look extends AwsWork {
  /** What is listed is not asked with. */
  readonly quietly: boolean;
}

/** Asked with a value is the current version, and one that should be there and is not. */
async function look(work: Look, version: Version, listed: readonly ListedKey[]): Promise<SurveyedVersion> {
  const { number, providerId: id, state, parts } = version;
  const isListed = listed.some((key) => key.id === id);
  const plain = { number, lastUsedAt: isListed && id !== null ? await lastUse(work, id) : null };
  const asked = isLive(state) && parts.length > 0 && (state === 'current' || !isListed);
  if (!asked || (work.quietly && isListed)) return { ...plain, verdict: isListed ? 'listed' : 'not listed' };
  const { deps, client, connection, ref } = work;
  const prober = acceptance(client, connection, objectName(deps, connection, ref));
  return { ...plain, verdict: await askAbout(prober, deps.store, { version, listed: isListed }) };
}

/** Null where AWS shows none, or does not let us ask. */
async function lastUse({ client }: AwsWork, id: string): Promise<number | null> {
  try {
    return (await client.lastUsed(id)) ?? null;
  } catch (error) {
    if (isForbidden(error)) return null;
    throw error;
  }
}

/** Keys that no version has: nothing tells whose they are, so they are left alone. */
async function orphansIn(work: AwsWork, listed: readonly ListedKey[]): Promise<Orphan[]> {
  const known = await knownIds(work.deps);
  const orphans: Orphan[] = [];
  for (const { id, active } of listed)
    if (!known.has(id))
      orphans.push({
        id,
        name: `${id || 'an entry that cannot be read'}${active ? '' : ' (inactive)'}`,
        madeFor: null,
        lastUsedAt: id === '' ? null : await lastUse(work, id),
      });
  return orphans;
}
