import { whyNotDestroy } from '../../src/domain/destruction.js';
import { isLive, type VersionRef } from '../../src/domain/version.js';
import type { Evidence } from '../../src/domain/evidence.js';
import type { Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { needsDecision, permanent } from '../shared/failures.js';
import { askAbout, madeFor, type ProviderSurvey, type Orphan, type SurveyedVersion } from '../shared/survey.js';
import type { OpenAiDeps } from './activities.js';
import { OpenAiClient, type OpenAiConnection } from './client.js';
import { deleteAccounts, deleteOne } from './ends.js';
import { accountId, keyId, keysOf, ownKeys, parseProviderId } from './ids.js';
import { noteEnd } from './lifetime.js';
import { question } from './probes.js';
import type { ProjectKey } from './schemas.js';
import { judgeIdle, switchTime } from '../shared/usage.js';

export async function survey(deps: OpenAiDeps, credential: string, quietly = false): Promise<ProviderSurvey> {
  const { store } = deps;
  const connection = await deps.account(credential);
  const client = new OpenAiClient(connection);
  const keys = await client.keys();
  const versions = await store.versions(credential);
  const surveyed: SurveyedVersion[] = [];
  for (const version of versions)
    surveyed.push(await surveyVersion({ store, client, connection, quietly }, version, keys));
  return { versions: surveyed, orphans: await orphansOf(deps, credential, { client, keys }) };
}

/**
 * Deletes an orphan with our label: a key or a service account. `version` is the current one and has to be proved in force, so that
 * the engine cannot be using the orphan.
 */
export async function deleteOrphan(
  deps: OpenAiDeps,
  { version, id }: { version: VersionRef; id: string },
): Promise<void> {
  const { store } = deps;
  const connection = await deps.account(version.credential);
  const client = new OpenAiClient(connection);
  const keys = await client.keys();
  const readAt = client.providerTime;
  const orphans = await orphansOf(deps, version.credential, { client, keys });
  const orphan = orphans.find((each) => each.id === id);
  if (!orphan) return; // gone already
  if (orphan.madeFor === null)
    throw needsDecision(`${id} at OpenAI does not carry our label, so Keyturn does not delete it`);
  const switchedAt = await switchTime(store, version.credential);
  const data = { lastUsed: orphan.lastUsedAt, switchedAt, readAt, probes: [] };
  const idle = judgeIdle({ name: question.name, ...connection, ...data });
  if ('leftMs' in idle) throw permanent('StaleProof', `${id} must not be deleted now: ${idle.why}`);
  const now = Date.now();
  const why = whyNotDestroy({
    victim: { state: 'retiring', engine: 'no', compromised: false, evidence: [{ ...idle, at: now }] },
    successor: { evidence: await evidenceOfCurrent(store, version) },
    now,
  });
  if (why !== null) throw permanent('StaleProof', `${id} must not be deleted now: ${why}`);
  const [context, { account, key }] = [{ deps, client, ref: version }, parseProviderId(id)];
  if (key !== null) await deleteOne(context, { account, key, compromised: false });
  else if (account !== null) await deleteAccounts(context, [account]);
}

interface Surveying {
  readonly store: Store;
  readonly client: OpenAiClient;
  readonly connection: OpenAiConnection;
  /** Does not probe with listed values. */
  readonly quietly: boolean;
}

/** Probes only the current version, and once every other version that is no longer listed: a probe is a use as well. */
async function surveyVersion(
  { store, client, connection: { propagationMs }, quietly }: Surveying,
  version: Version,
  keys: readonly ProjectKey[],
): Promise<SurveyedVersion> {
  const [key] = ownKeys(keys, version.providerId);
  const listed = key !== undefined;
  await noteEndOf(store, version, key);
  const plain = { number: version.number, lastUsedAt: key?.last_used_at ?? null } as const;
  if (!isWorthAProbe(version, listed) || (quietly && listed))
    return { ...plain, verdict: listed ? 'listed' : 'not listed' };
  if (!listed && (await knownRefused(store, version))) return { ...plain, verdict: 'refused' };
  const prober = { ...question, propagationMs, ask: ({ key = '' }) => client.tryKey(key) };
  return { ...plain, verdict: await askAbout(prober, store, { version, listed }) };
}

async function noteEndOf(store: Store, version: Version, key: ProjectKey | undefined): Promise<void> {
  if (key && isLive(version.state)) await noteEnd(store, version, key.expires_at);
}

function isWorthAProbe({ state, parts }: Version, listed: boolean): boolean {
  return isLive(state) && parts.length > 0 && (state === 'current' || !listed);
}

async function knownRefused(store: Store, version: Version): Promise<boolean> {
  const newest = (await store.evidence(version)).find(({ kind }) => kind === 'refused' || kind === 'accepted');
  return newest?.kind === 'refused' && newest.outcome !== 'failed';
}

/**
 * Everything in the project that is no version of any credential. An account with several keys, or with a version's key, is not
 * listed as a whole: its other keys are, each by its own name.
 */
async function orphansOf(
  { store }: OpenAiDeps,
  credential: string,
  { client, keys }: { readonly client: OpenAiClient; readonly keys: readonly ProjectKey[] },
): Promise<Orphan[]> {
  const known = (await store.versions()).map(({ providerId }) => providerId);
  const lasting = known.map((providerId) => parseProviderId(providerId).account);
  const versionIn = await madeFor(store, credential);
  const isKnown = ({ id, owner }: ProjectKey): boolean =>
    known.includes(keyId({ id, owner })) || known.includes(accountId(owner.service_account?.id ?? ''));
  const whole = (await client.accounts()).filter(({ id, name }) => {
    const own = keysOf(keys, id);
    return !lasting.includes(id) && (own.length < 2 || versionIn(name) !== null);
  });
  const single = keys.filter((key) => !isKnown(key) && !whole.some(({ id }) => id === key.owner.service_account?.id));
  const named = [
    ...whole.map(({ id, name }) => ({ id: accountId(id), name })),
    ...single.map((key) => ({ id: keyId(key), name: (key.owner.service_account && key.name) || key.id })),
  ];
  return named.map((each) => ({
    ...each,
    madeFor: versionIn(each.name),
    lastUsedAt: newestUse(ownKeys(keys, each.id)),
  }));
}

function newestUse(keys: readonly ProjectKey[]): number | null {
  const uses = keys.map(({ last_used_at }) => last_used_at ?? 0);
  const newest = Math.max(0, ...uses);
  return newest === 0 ? null : newest;
}

async function evidenceOfCurrent(store: Store, version: VersionRef): Promise<Evidence[]> {
  const { state } = await store.read(version);
  if (state === 'current') return store.evidence(version);
  throw needsDecision(
    `version ${version.number} of ${version.credential} is ${state}, not current, so no orphan is deleted`,
  );
}
