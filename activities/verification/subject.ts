import type { RotationRow, Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';

/** Whether a credential may be looked at, and healed: nobody else is at work on it. */
export interface Subject {
  /** The version in force; null when it is not to be looked at. */
  readonly current: Version | null;
  /** Why it is not. */
  readonly why: string;
  /** Changes with every rotation and repair that begins or ends. */
  readonly stamp: string;
}

const staleMs = 120_000; // twice as long as a heal may take

export async function subjectOf(
  { store, now }: { readonly store: Store; readonly now: () => number },
  credential: string,
): Promise<Subject> {
  const rotations = await store.rotations(credential);
  const open = rotations.find(({ closedAt }) => closedAt === null);
  const [newest] = rotations;
  const stamp = `${newest?.fence ?? 0} ${newest?.closedAt ?? 'open'}`;
  const current = (await store.versions(credential)).find(({ state }) => state === 'current') ?? null;
  const why = open && !isOrphaned(open, now()) ? beingWorkedOn(open) : await whyNot(store, credential, current);
  return { current: why === null ? current : null, why: why ?? '', stamp };
}

/** Of a heal whose process has died: the next one takes its place. */
export function isOrphaned({ workflowId, credential, openedAt }: RotationRow, now: number): boolean {
  return workflowId === healId(credential) && now - openedAt > staleMs;
}

/** Who heals, to the store. */
export function healId(credential: string): string {
  return `verification/${credential}`;
}

function beingWorkedOn({ version, workflowId, credential }: RotationRow): string {
  if (workflowId === healId(credential)) return 'it is being healed';
  return `a rotation is open, at version ${version}: it proves by itself what is in force`;
}

async function whyNot(store: Store, credential: string, current: Version | null): Promise<string | null> {
  if ((await store.emergencies(credential)).some(({ containedAt, fence }) => containedAt === null && fence === null))
    return 'an emergency was asked for, and nobody has begun it yet';
  if (!current) return 'no version of it is in force';
  if (current.compromised) return `version ${current.number} is compromised`;
  if ((await store.unreconciledSince(credential)) === null) return null;
  return `the store was restored from a backup: keyturn reconcile ${credential}`;
}
