import type { Evidence, EvidenceKind, Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Version } from '../../src/store/store.js';
import { found } from '../shared/guard.js';
import { stillSettling } from '../shared/settling.js';
import type { OpenAiDeps } from './activities.js';
import { OpenAiClient } from './client.js';
import { keysOf, parseProviderId } from './keys.js';
import type { ProjectKey } from './schemas.js';

export async function sawUse(deps: OpenAiDeps, ref: VersionRef): Promise<Finding> {
  const { store } = deps;
  const connection = await deps.account(ref.credential);
  const lastUsed = await lastUse(new OpenAiClient(connection), await store.read(ref));
  const evidence = await store.evidence(ref);
  const probedAt = newest(evidence, 'accepted')?.providerTime;
  const say = (outcome: Finding['outcome'], detail: string): Finding => ({ kind: 'in-use', outcome, detail });
  if (typeof lastUsed === 'number' && probedAt !== undefined && lastUsed > probedAt) {
    const detail = `OpenAI saw it used ${lastUsed - probedAt} s after our own probe`;
    return found(store, ref, { ...say('proved', detail), providerTime: lastUsed });
  }
  const detail = whyNotSeen(lastUsed, probedAt);
  const waitedMs = Date.now() - (newest(evidence, 'document')?.at ?? 0);
  if (waitedMs < connection.settlingMs) throw stillSettling(detail, waitedMs, connection.settlingMs);
  return found(store, ref, say('not-observable', detail));
}

export async function isIdle(deps: OpenAiDeps, ref: VersionRef): Promise<Finding> {
  const { store } = deps;
  const lastUsed = await lastUse(new OpenAiClient(await deps.account(ref.credential)), await store.read(ref));
  if (typeof lastUsed === 'string') return found(store, ref, idle('not-observable', lastUsed));
  if (lastUsed === null) return found(store, ref, await neverUsed(deps, ref));
  return found(store, ref, await judgeIdle(deps, ref, { lastUsed }));
}

/** Judges the last use of a key by when the engine switched to the current one, both by OpenAI's clock (Unix seconds). */
export async function judgeIdle(
  deps: OpenAiDeps,
  ref: VersionRef,
  { lastUsed }: { readonly lastUsed: number | null },
): Promise<Finding> {
  if (lastUsed === null) return idle('proved', 'OpenAI never saw it used');
  const switchedAt = await switchTime(deps, ref);
  if (switchedAt === undefined)
    return idle('not-observable', 'OpenAI does not show when the current key came into use');
  const usedAfter = lastUsed - switchedAt;
  if (usedAfter > 0) return idle('failed', `used ${usedAfter} s after the switch`);
  return idle('proved', `last used ${-usedAfter} s before the current key was seen in use`);
}

function idle(outcome: Finding['outcome'], detail: string): Finding {
  return { kind: 'idle', outcome, detail };
}

/** No use at all is believed only of a key that we did not use ourselves. */
async function neverUsed({ store }: OpenAiDeps, ref: VersionRef): Promise<Finding> {
  return newest(await store.evidence(ref), 'accepted')
    ? { kind: 'idle', outcome: 'not-observable', detail: 'OpenAI shows no use of it at all, not even our own probe' }
    : idle('proved', 'OpenAI never saw it used');
}

/** Unix seconds by OpenAI's clock, null when it was never used, or why nobody can tell. */
async function lastUse(client: OpenAiClient, { providerId }: Version): Promise<number | null | string> {
  const keys = await client.keys();
  const own = ownKeys(keys, providerId);
  const [key] = own;
  if (!key) return providerId === null ? 'its id at OpenAI is not known' : 'OpenAI does not list it';
  if (own.length > 1) return 'its service account holds several keys';
  return key.last_used_at ?? null;
}

/** The keys behind a provider id as kept with a version. */
export function ownKeys(keys: readonly ProjectKey[], providerId: string | null): readonly ProjectKey[] {
  const { kind, id } = parseProviderId(providerId);
  return kind === 'service_account' ? keysOf(keys, id) : keys.filter((key) => key.id === id);
}

function whyNotSeen(lastUsed: number | null | string, probedAt: number | undefined): string {
  if (typeof lastUsed === 'string') return lastUsed;
  if (lastUsed === null) return 'OpenAI shows no use of the key yet';
  if (probedAt === undefined) return 'OpenAI gave no time for our own probe to compare with';
  return 'OpenAI shows no use of the key after our own probe';
}

/**
 * When the engine is known to have used the current key, by OpenAI's clock: as seen last before the current version was
 * promoted, else as seen first since. Later sightings would let a use of the old key during the grace pass for idle.
 */
async function switchTime({ store }: OpenAiDeps, { credential }: VersionRef): Promise<number | undefined> {
  const current = (await store.versions(credential)).find(({ state }) => state === 'current');
  if (!current) return undefined;
  const seen = (await store.evidence(current)).filter(
    ({ kind, outcome, providerTime }) => kind === 'in-use' && outcome === 'proved' && providerTime !== undefined,
  );
  const before = seen.find(({ at }) => at <= (current.promotedAt ?? 0));
  return (before ?? seen.at(-1))?.providerTime;
}

/** Evidence comes newest first. */
function newest(evidence: readonly Evidence[], kind: EvidenceKind): Evidence | undefined {
  return evidence.find((item) => item.kind === kind && item.outcome === 'proved');
}
