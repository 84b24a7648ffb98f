import type { Evidence, EvidenceKind, Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { found } from './guard.js';
import { stillSettling } from './settling.js';

/** Unix seconds by the provider's clock, null when it knows of no use, or why nobody can tell. */
export type LastUse = number | null | string;

/** A provider's word on when a value was used last. */
export interface Usage {
  /** Of the provider, for people. */
  readonly name: string;
  readonly lastUsed: LastUse;
}

/** Whether the provider saw a version used later than we asked with it ourselves, by its own clock. Patient while its data may lag. */
export async function seenInUse(
  { name, lastUsed, settlingMs }: Usage & { readonly settlingMs: number },
  store: Store,
  ref: VersionRef,
): Promise<Finding> {
  const evidence = await store.evidence(ref);
  const probedAt = newest(evidence, 'accepted')?.providerTime;
  const say = (outcome: Finding['outcome'], detail: string): Finding => ({ kind: 'in-use', outcome, detail });
  if (typeof lastUsed === 'number' && probedAt !== undefined && lastUsed > probedAt) {
    const detail = `${name} saw it used ${lastUsed - probedAt} s after our own probe`;
    return found(store, ref, { ...say('proved', detail), providerTime: lastUsed });
  }
  const detail = whyNotSeen({ name, lastUsed }, probedAt);
  const waitedMs = Date.now() - (newest(evidence, 'document')?.at ?? 0);
  if (waitedMs < settlingMs) throw stillSettling(detail, waitedMs, settlingMs);
  return found(store, ref, say('not-observable', detail));
}

/** Whether a version was left unused since the engine switched to the current one, both by the provider's clock (Unix seconds). */
export async function unusedSince(
  usage: Usage & { readonly switchedAt: number | undefined },
  store: Store,
  ref: VersionRef,
): Promise<Finding> {
  const { name, lastUsed, switchedAt } = usage;
  if (typeof lastUsed === 'string') return idle('not-observable', lastUsed);
  if (lastUsed === null && newest(await store.evidence(ref), 'accepted'))
    return idle('not-observable', `${name} shows no use of it at all, not even our own probe`);
  return judgeIdle({ name, lastUsed, switchedAt });
}

/** Judges the last use of a value by when the engine switched to the current one. */
export function judgeIdle({
  name,
  lastUsed,
  switchedAt,
}: {
  readonly name: string;
  readonly lastUsed: number | null;
  readonly switchedAt: number | undefined;
}): Finding {
  if (lastUsed === null) return idle('proved', `${name} never saw it used`);
  if (switchedAt === undefined)
    return idle('not-observable', `${name} does not show when the current key came into use`);
  const usedAfter = lastUsed - switchedAt;
  if (usedAfter > 0) return idle('failed', `used ${usedAfter} s after the switch`);
  return idle('proved', `last used ${-usedAfter} s before the current key was seen in use`);
}

/** What a provider showed of a value's uses just before it was revoked: afterwards it shows nothing any more. Unix seconds by its clock. */
export function lastUseFinding(name: string, lastUsed: number | null): Finding {
  if (lastUsed === null) return { kind: 'last-use', outcome: 'not-observable', detail: `${name} showed no use of it` };
  const when = new Date(lastUsed * 1000).toISOString();
  const detail = `${name} saw it used last at ${when}, by its own clock`;
  return { kind: 'last-use', outcome: 'proved', providerTime: lastUsed, detail };
}

function idle(outcome: Finding['outcome'], detail: string): Finding {
  return { kind: 'idle', outcome, detail };
}

function whyNotSeen({ name, lastUsed }: Usage, probedAt: number | undefined): string {
  if (typeof lastUsed === 'string') return lastUsed;
  if (lastUsed === null) return `${name} shows no use of the key yet`;
  if (probedAt === undefined) return `${name} gave no time for our own probe to compare with`;
  return `${name} shows no use of the key after our own probe`;
}

/** Evidence comes newest first. */
function newest(evidence: readonly Evidence[], kind: EvidenceKind): Evidence | undefined {
  return evidence.find((item) => item.kind === kind && item.outcome === 'proved');
}
