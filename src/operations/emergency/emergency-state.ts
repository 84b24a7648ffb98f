import { credentialOf, engineOf } from '../../config/policy.js';
import type { CheckOutcome, Evidence } from '../../domain/evidence.js';
import type { Task } from '../../domain/task.js';
import type { RotationOutcome } from '../../domain/rotation.js';
import type { AuditMaterial, Emergency, RotationRow, Version } from '../../store/records.js';
import { knownCredential } from '../session/reach.js';
import type { Session } from '../session/session.js';

/** `disabled` can be switched on again, `revoked` is ended for good. */
export type VersionEnd = 'live' | 'disabled' | 'revoked';

/** A version that an emergency contains. */
export interface ContainedVersion {
  readonly number: number;
  readonly providerId: string | null;
  readonly end: VersionEnd;
  /** The end proof: how the refusal by the provider was shown; null until then. */
  readonly refused: Exclude<CheckOutcome, 'failed'> | 'attested' | null;
  /** Milliseconds from the command to that finding. */
  readonly refusedAfterMs: number | null;
  /** What the provider said of its last use just before it was revoked. */
  readonly lastUse: string | null;
  /** What happened to the sessions that were issued with it. */
  readonly sessions: string | null;
}

/** The progress of an emergency, from the store alone. What the store does not know counts as not done. */
export interface EmergencyState {
  readonly id: string;
  readonly credential: string;
  readonly actor: string;
  readonly reason: string;
  /** Unix ms: when the clock started. */
  readonly askedAt: number;
  /** The workflow that conducts it, or `direct/…`; null until one has claimed it. */
  readonly workflowId: string | null;
  readonly versions: readonly ContainedVersion[];
  /** Milliseconds from the command until everything known was contained, including what an interrupted step still made. */
  readonly containedAfterMs: number | null;
  /** The version that was put in force in its place: only then is the credential rotated. */
  readonly rotated: number | null;
  /** Null while it is in progress. */
  readonly outcome: RotationOutcome | null;
  readonly why: string | null;
  /** What stays usable although the values are refused. */
  readonly outlives: string | null;
  readonly material: readonly AuditMaterial[];
  readonly engine: string;
  readonly owner: string | null;
  /** What a person has to do, and has not done. */
  readonly toDo: readonly ToDo[];
}

/** `withdrawn`: the emergency ended without it, and takes no answer any more. */
export type ToDo = Pick<Task, 'id' | 'title' | 'instructions' | 'state'>;

/** @throws UsageError when the configuration has no such credential */
export async function stateOf(
  { config, store }: Session,
  { id, credential }: Pick<Emergency, 'id' | 'credential'>,
): Promise<EmergencyState> {
  const emergency = (await store.emergencies(credential)).find((each) => each.id === id);
  if (!emergency) throw new Error(`the store has no emergency ${id}`);
  const rotation = (await store.rotations(credential)).find(({ fence }) => fence === emergency.fence);
  const versions: ContainedVersion[] = [];
  for (const version of await store.versions(credential))
    if (emergency.targets.includes(version.number)) versions.push(await containedVersion(store, version, emergency));
  const { containedAt, askedAt, actor, reason, workflowId, material } = emergency;
  return {
    ...{ id, credential, actor, reason, askedAt, workflowId, versions, material },
    containedAfterMs: containedAt === null ? null : containedAt - askedAt,
    ...endOf(rotation),
    outlives: knownCredential(config, credential).outlives ?? null,
    engine: engineOf(config, credential).url,
    owner: credentialOf(config, credential).owner ?? null,
    toDo: toDoOf(
      (await store.tasks(credential)).filter(({ fence }) => fence === emergency.fence),
      rotation,
    ),
  };
}

/** Of the tasks that an emergency withdrew, newest first, the others were replaced by the newest. */
function toDoOf(tasks: readonly Task[], rotation: RotationRow | undefined): ToDo[] {
  const isOver = rotation !== undefined && rotation.closedAt !== null;
  const open = tasks.filter(({ state }) => state === 'open');
  const left = isOver ? tasks.slice(0, 1).filter(({ state }) => state === 'withdrawn') : open;
  return left.map(({ id, title, instructions, state }) => ({ id, title, instructions, state }));
}

function endOf(rotation: RotationRow | undefined): Pick<EmergencyState, 'rotated' | 'outcome' | 'why'> {
  if (!rotation) return { rotated: null, outcome: null, why: null };
  const { outcome, why, version } = rotation;
  return { outcome, why, rotated: outcome === 'replaced' ? version : null };
}

async function containedVersion(
  store: Session['store'],
  version: Version,
  { askedAt }: Emergency,
): Promise<ContainedVersion> {
  const evidence = await store.evidence(version);
  const finding = evidence.find(({ kind, at }) => kind === 'refused' && at >= askedAt);
  const refused = howRefused(version, finding);
  return {
    ...{ number: version.number, providerId: version.providerId, refused },
    end: refused === null ? (version.provider === 'disabled' ? 'disabled' : 'live') : 'revoked',
    refusedAfterMs: finding && refused !== 'attested' ? finding.at - askedAt : null,
    lastUse: evidence.find(({ kind }) => kind === 'last-use')?.detail ?? null,
    sessions: evidence.find(({ kind }) => kind === 'sessions')?.detail ?? null,
  };
}

/** Null while it may still be accepted. Without a finding, a person attested the end of the version. */
function howRefused({ state }: Version, finding: Evidence | undefined): ContainedVersion['refused'] {
  const ended = state === 'retired' || state === 'discarded';
  if (finding?.outcome === 'proved') return 'proved';
  if (!ended) return null;
  return finding?.outcome === 'not-observable' ? 'not-observable' : 'attested';
}

/** Every version of the emergency is revoked, as far as anybody can tell. */
export function isContained({ containedAfterMs, versions }: EmergencyState): boolean {
  return containedAfterMs !== null && versions.every(({ end }) => end === 'revoked');
}

/** The provider was seen to refuse every value. */
export function isProvedRefused(state: EmergencyState): boolean {
  return isContained(state) && state.versions.every(({ refused }) => refused === 'proved');
}
