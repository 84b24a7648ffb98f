/** One value of a credential as workflows see it: a reference, never the value. `fence` is the fencing token of its rotation. */
export interface VersionRef {
  readonly credential: string;
  readonly number: number;
  readonly fence: number;
}

export const versionStates = [
  'intended',
  'candidate',
  'current',
  'retiring',
  'retired',
  'discarding',
  'discarded',
] as const;
export type VersionState = (typeof versionStates)[number];

/** The provider's state of a version, written before each call that could change it. */
export type ProviderView = 'unknown' | 'accepted' | 'disabled' | 'refused' | 'not-observable';

/** Whether the engine holds a version; `maybe` is written before a call that could make it so. */
export type EngineView = 'never' | 'maybe' | 'yes' | 'no';

/** How the end of a retired version was shown. */
export type EndProof = 'proved' | 'not-observable' | 'attested';

const moves: Record<VersionState, readonly VersionState[]> = {
  intended: ['candidate', 'discarding'],
  candidate: ['current', 'discarding'],
  current: ['retiring', 'candidate'], // `candidate` is demote: a roll back during the grace
  retiring: ['retired', 'current'],
  retired: [],
  discarding: ['discarded'],
  discarded: [],
};

/** Whether a version may go from one state to another (design, "States of a version"). */
export function canMove(from: VersionState, to: VersionState): boolean {
  return moves[from].includes(to);
}

/** Whether a version in this state may still be accepted by its provider. */
export function isLive(state: VersionState): boolean {
  return state !== 'retired' && state !== 'discarded';
}
