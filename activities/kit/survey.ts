import { isLive } from '../../src/domain/version.js';
import type { Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import type { Prober } from '../shared/probes.js';
import { askAbout, type Orphan, type ProviderSurvey, type SurveyedVersion } from '../shared/survey.js';
import type { Listed } from './account.js';
import { proberOf } from './asking.js';
import { lastUseOf, noteExpiry } from './listed.js';
import { orphansOf } from './orphans.js';
import { type AnyAccount, type IssuingDeps, isOf } from './recovery.js';

/** State of the account for `keyturn reconcile`. Changes nothing. */
export async function survey(deps: IssuingDeps, credential: string, quietly = false): Promise<ProviderSurvey> {
  const { store, name } = deps;
  const account = await deps.account(credential);
  const listed = account.list ? await account.list() : null;
  const surveying = { store, listed, quietly, prober: await proberOf(deps, credential) };
  const versions: SurveyedVersion[] = [];
  for (const version of await store.versions(credential)) {
    const entry = entryOf(version, listed);
    if (entry && isLive(version.state)) await noteExpiry(deps, version, entry.expiresAt);
    const lastUsedAt = entry ? await lastUsedAtOf(account, entry) : null;
    versions.push({ number: version.number, lastUsedAt, verdict: await verdictOn(surveying, version, entry) });
  }
  if (!listed) return { versions, orphans: [], unlisted: `${name} offers no list` };
  const orphans: Orphan[] = [];
  for (const { entry, ...orphan } of await orphansOf(store, credential, listed))
    orphans.push({ ...orphan, lastUsedAt: await lastUsedAtOf(account, entry) });
  return { versions, orphans };
}

interface Surveying {
  readonly store: Store;
  /** Null where the provider has no list. */
  readonly listed: readonly Listed[] | null;
  readonly prober: Prober;
  /** Does not probe with listed values. */
  readonly quietly: boolean;
}

/** Probes only the current version, and once every other live version that is no longer listed: a probe is a use as well. */
async function verdictOn(
  { store, listed, quietly, prober }: Surveying,
  version: Version,
  entry: Listed | undefined,
): Promise<SurveyedVersion['verdict']> {
  const isListed = listed ? entry !== undefined : isLive(version.state);
  if (!isWorthAProbe(version, isListed) || (quietly && entry)) return isListed ? 'listed' : 'not listed';
  if (!entry && (await isKnownRefused({ store, listed, quietly }, version))) return 'refused';
  return askAbout(prober, store, { version, listed: entry !== undefined });
}

function isWorthAProbe({ state, parts }: Version, isListed: boolean): boolean {
  return isLive(state) && parts.length > 0 && (state === 'current' || !isListed);
}

const quietMs = 6 * 60 * 60_000; // scheduled checks must not look like an attack

/** Whether a refusal was seen, and no acceptance since. Without a list it counts for a while, and for scheduled checks alone. */
async function isKnownRefused(
  { store, listed, quietly }: Omit<Surveying, 'prober'>,
  version: Version,
): Promise<boolean> {
  const newest = (await store.evidence(version)).find(({ kind }) => kind === 'refused' || kind === 'accepted');
  if (newest?.kind !== 'refused' || newest.outcome === 'failed') return false;
  return listed !== null || (quietly && Date.now() - newest.at < quietMs);
}

/** The listed value of a version, or one of those within it. */
function entryOf({ providerId }: Version, listed: readonly Listed[] | null): Listed | undefined {
  return listed?.find((entry) => !entry.isHolder && isOf(entry, providerId));
}

/** Unix seconds by the provider's clock. Null when it shows no use. */
async function lastUsedAtOf(account: AnyAccount, entry: Listed): Promise<number | null> {
  const used = await lastUseOf(account, entry);
  return typeof used === 'number' ? used : null;
}
