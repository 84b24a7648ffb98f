import type { RotationRow, Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import type { VerificationDeps } from './activities.js';

/** Whether a credential may be verified and healed now. */
export interface Subject {
  /** The version in force. Null when it must not be verified now. */
  readonly current: Version | null;
  /** Why it must not. */
  readonly why: string;
  /** Changes with every rotation and repair that begins or ends. */
  readonly stamp: string;
}

const staleMs = 120_000; // twice the longest heal

export async function subjectOf({ store, now }: VerificationDeps, credential: string): Promise<Subject> {
  const rotations = await store.rotations(credential);
  const rotation = rotations.find(({ closedAt }) => closedAt === null);
  const [newest] = rotations;
  const stamp = `${newest?.fence ?? 0} ${newest?.closedAt ?? 'open'}`;
  const current = (await store.versions(credential)).find(({ state }) => state === 'current') ?? null;
  const isBusy = rotation !== undefined && !isOrphaned(rotation, now());
  const why = isBusy ? beingWorkedOn(rotation) : await whyNot(store, credential, current);
  return { current: why === null ? current : null, why: why ?? '', stamp };
}

/** Whether it is the heal of a process that has died. The next heal takes its place. */
export function isOrphaned({ workflowId, credential, openedAt }: RotationRow, now: number): boolean {
  return workflowId === healId(credential) && now - openedAt > staleMs;
}

/** Workflow id of a heal, as the store records it. */
export function healId(credential: string): string {
  return `verification/${credential}`;
}

function beingWorkedOn({ version, workflowId, credential }: RotationRow): string {
  if (workflowId === healId(credential)) return 'it is being healed';
  return `the rotation to version ${version} is open and does its own checks`;
}

async function whyNot(store: Store, credential: string, current: Version | null): Promise<string | null> {
  if ((await store.emergencies(credential)).some(({ containedAt, fence }) => containedAt === null && fence === null))
    return 'an emergency was declared and has not started yet';
  if (!current) return 'no version of it is in force';
  if (current.compromised) return `version ${current.number} is compromised`;
  if ((await store.unreconciledSince(credential)) === null) return null;
  return `the store was restored from a backup: run keyturn reconcile ${credential}`;
}
