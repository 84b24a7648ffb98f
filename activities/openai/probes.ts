import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Version } from '../../src/store/store.js';
import { found } from '../shared/guard.js';
import { settling } from '../shared/patience.js';
import { scope } from '../shared/scope.js';
import type { OpenAiDeps } from './activities.js';
import { OpenAiClient, type Verdict } from './client.js';
import { refusalProbes, stillSettling } from './settling.js';

export async function acceptsKey(deps: OpenAiDeps, ref: VersionRef): Promise<Finding> {
  const { store } = deps;
  const connection = await deps.account(ref.credential);
  const answer = await new OpenAiClient(connection).tryKey(await keyOf(deps, ref));
  if (answer.verdict !== 'refused') {
    await store.note(ref, { provider: 'accepted' });
    return found(store, ref, accepted(answer));
  }
  const ageMs = Date.now() - (await bornAt(deps, ref));
  if (ageMs < connection.settlingMs)
    throw stillSettling('OpenAI does not know the new key everywhere yet', ageMs, connection.settlingMs);
  await store.note(ref, { provider: 'refused' });
  return found(store, ref, { kind: 'accepted', outcome: 'failed', detail: refusedBy('GET /models') });
}

export async function refusesKey(deps: OpenAiDeps, ref: VersionRef): Promise<Finding> {
  const { store } = deps;
  const connection = await deps.account(ref.credential);
  const round = await askBoth(deps, ref, new OpenAiClient(connection));
  const finding = await judge(deps, ref, round);
  if (finding.outcome !== 'not-observable' && scope().waitedMs < connection.settlingMs) {
    const what = finding.outcome === 'proved' ? 'OpenAI refuses the key' : finding.detail;
    throw settling(
      `${what}; asked again until its settling time is over`,
      Math.ceil(connection.settlingMs / (refusalProbes - 1)),
    );
  }
  if (round.key === 'refused') await store.note(ref, { provider: 'refused' });
  return found(store, ref, finding);
}

/** What OpenAI thinks of both keys in one round. */
interface Round {
  /** Null when there is no value to ask with. */
  readonly key: Verdict['verdict'] | null;
  /** The current version's; null when there is none to compare with. */
  readonly control: Verdict['verdict'] | null;
}

async function askBoth(deps: OpenAiDeps, ref: VersionRef, client: OpenAiClient): Promise<Round> {
  if ((await deps.store.read(ref)).parts.length === 0) return { key: null, control: null };
  const { verdict: key } = await client.tryKey(await keyOf(deps, ref));
  const current = await controlFor(deps, ref);
  if (!current) return { key, control: null };
  const answer = await client.tryKey(await keyOf(deps, current));
  // Kept, because it was a use of the current key, which must not pass for the engine's.
  if (answer.verdict !== 'refused') await deps.store.prove(current, accepted(answer));
  return { key, control: answer.verdict };
}

async function judge({ store }: OpenAiDeps, ref: VersionRef, { key, control }: Round): Promise<Finding> {
  const say = (outcome: Finding['outcome'], detail: string): Finding => ({ kind: 'refused', outcome, detail });
  if (key === null) return say('not-observable', 'there is no value to ask with');
  if (key !== 'refused') return say('failed', 'OpenAI still accepts the key');
  if (control === 'refused') return say('failed', 'OpenAI refuses the current key as well, so nothing is shown');
  const earlier = await store.evidence(ref);
  if (!earlier.some(({ kind, outcome }) => kind === 'accepted' && outcome === 'proved'))
    return say('not-observable', 'already refused before the rotation');
  const beside = control === null ? 'with no current key to compare with' : 'while it accepted the current key';
  return say('proved', `${refusedBy('GET /models')}, ${beside}`);
}

/** The version whose key must still be accepted for a refusal to mean something. */
async function controlFor({ store }: OpenAiDeps, ref: VersionRef): Promise<Version | null> {
  const versions = await store.versions(ref.credential);
  return (
    versions.find(
      ({ state, number, parts, compromised }) =>
        state === 'current' && number !== ref.number && parts.length > 0 && !compromised,
    ) ?? null
  );
}

async function keyOf({ store }: OpenAiDeps, ref: Pick<VersionRef, 'credential' | 'number'>): Promise<string> {
  return (await store.unseal(ref))['key'] ?? '';
}

/** When OpenAI made the key, by our clock; for an adopted one when it was adopted. */
async function bornAt({ store }: OpenAiDeps, ref: VersionRef): Promise<number> {
  const intents = await store.intents(ref.credential);
  const kept = intents.find(({ version, outcome }) => version === ref.number && outcome === 'kept');
  return kept?.at ?? (await store.read(ref)).createdAt;
}

/** The finding that a probe was let through. */
export function accepted({ verdict, providerTime }: Verdict): Finding {
  return {
    kind: 'accepted',
    outcome: 'proved',
    detail:
      verdict === 'restricted'
        ? 'GET /models answered that the key is known but lacks the scope for it'
        : 'GET /models answered 200',
    ...(providerTime === undefined ? {} : { providerTime }),
  };
}

export function refusedBy(request: string): string {
  return `${request} answered 401 invalid_api_key`;
}
