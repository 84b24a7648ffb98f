import { isLive } from '../../src/domain/version.js';
import type { Version } from '../../src/store/records.js';
import { askAbout, type ProviderSurvey, type Orphan, type SurveyedVersion } from '../shared/survey.js';
import type { AwsDeps } from './activities.js';
import type { ListedKey } from './client.js';
import { knownIds, type AwsContext, contextOf } from './lost.js';
import { acceptance, objectName } from './probes.js';
import { isForbidden } from './refusals.js';

export async function survey(deps: AwsDeps, credential: string, quietly = false): Promise<ProviderSurvey> {
  const context = { ...(await contextOf(deps, { credential, number: 0, fence: 0 })), quietly };
  const listed = await context.client.keys();
  const versions: SurveyedVersion[] = [];
  for (const version of await deps.store.versions(credential))
    versions.push(await surveyVersion(context, version, listed));
  return { versions, orphans: await orphansIn(context, listed) };
}

interface Surveying extends AwsContext {
  /** Does not probe with listed values. */
  readonly quietly: boolean;
}

/** Probes only the current version, and a live version that is missing from the list. */
async function surveyVersion(
  context: Surveying,
  version: Version,
  listed: readonly ListedKey[],
): Promise<SurveyedVersion> {
  const { number, providerId: id, state, parts } = version;
  const isListed = listed.some((key) => key.id === id);
  const plain = { number, lastUsedAt: isListed && id !== null ? await lastUse(context, id) : null };
  const asked = isLive(state) && parts.length > 0 && (state === 'current' || !isListed);
  if (!asked || (context.quietly && isListed)) return { ...plain, verdict: isListed ? 'listed' : 'not listed' };
  const { deps, client, connection, ref } = context;
  const prober = acceptance(client, connection, objectName(deps, connection, ref));
  return { ...plain, verdict: await askAbout(prober, deps.store, { version, listed: isListed }) };
}

/** Null where AWS shows none, or Keyturn lacks the permission. */
async function lastUse({ client }: AwsContext, id: string): Promise<number | null> {
  try {
    return (await client.lastUsed(id)) ?? null;
  } catch (error) {
    if (isForbidden(error)) return null;
    throw error;
  }
}

/** Keys that belong to no version. Their owner is unknown, so they are never deleted. */
async function orphansIn(context: AwsContext, listed: readonly ListedKey[]): Promise<Orphan[]> {
  const known = await knownIds(context.deps);
  const orphans: Orphan[] = [];
  for (const { id, active } of listed)
    if (!known.has(id))
      orphans.push({
        id,
        name: `${id || 'an entry that cannot be read'}${active ? '' : ' (inactive)'}`,
        madeFor: null,
        lastUsedAt: id === '' ? null : await lastUse(context, id),
      });
  return orphans;
}
