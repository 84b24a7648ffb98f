import type { RotationPolicy, RotationRequest } from '../../src/domain/rotation.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Writer, Seizure, Wanted } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import type { Asked } from './activities.js';

/** Whoever can send a message to Temporal can sign it with any name. */
export const unknownActor = 'somebody at Temporal';

/** What somebody has written down for this rotation; without it, what its start says of itself goes on record as no more than that. */
export async function wanted(store: Store, { credential, request, wish }: Asked, writer: Writer): Promise<Wanted> {
  const granted = wish === undefined ? null : await store.grant(wish, credential, writer);
  if (granted?.for !== 'rotation') return claimed(request);
  const { actor, trigger, reason, resetsCadence, graceMs } = granted;
  return {
    ...{ actor, trigger, reason },
    ...(resetsCadence && { resetsCadence }),
    ...(graceMs !== undefined && { graceMs }),
  };
}

/** Who declared an emergency, and why, is in the store before anything is sent. A leak is stopped whoever tells of it. */
export async function declared(store: Store, credential: string, request: Seizure): Promise<Seizure> {
  const { emergencies = [] } = request;
  const known = (await store.emergencies(credential)).find(({ id }) => emergencies.includes(id));
  const { actor, reason } = known ?? claimed(request);
  return { actor, trigger: 'emergency', reason, emergencies };
}

/** What the configuration says, and the grace that somebody wants instead: never shorter than what was issued lives on. */
export async function policyOf(store: Store, policy: RotationPolicy, ref: VersionRef): Promise<RotationPolicy> {
  const rotation = (await store.rotations(ref.credential)).find(({ fence }) => fence === ref.fence);
  if (typeof rotation?.graceMs !== 'number') return policy;
  return { ...policy, graceMs: Math.max(rotation.graceMs, policy.drainMs ?? 0) };
}

function claimed({ actor, trigger, reason }: RotationRequest): RotationRequest {
  return { actor: unknownActor, trigger, reason: signed({ actor, reason }) };
}

/** A reason, and the name that the message was signed with. */
export function signed({ actor, reason }: Pick<RotationRequest, 'actor' | 'reason'>): string {
  return `${reason} (signed ${actor})`;
}
