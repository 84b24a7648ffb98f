import type { RotationPolicy, RotationRequest } from '../../src/domain/rotation.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Writer, Seizure, Wanted } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import type { Asked } from './activities.js';

/** Anybody who can send a message to Temporal can sign it with any name. */
export const unknownActor = 'somebody at Temporal';

/** The request as a command recorded it in the store. Without such a record, the workflow's input counts only as a claim. */
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

/** The request of an emergency, as the command recorded it before sending it. Without such a record the emergency runs all the same. */
export async function declared(store: Store, credential: string, request: Seizure): Promise<Seizure> {
  const { emergencies = [] } = request;
  const known = (await store.emergencies(credential)).find(({ id }) => emergencies.includes(id));
  const { actor, reason } = known ?? claimed(request);
  return { actor, trigger: 'emergency', reason, emergencies };
}

/** The configured policy, with the grace that the request asks for: never shorter than issued values stay valid. */
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
