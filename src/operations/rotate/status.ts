import type { Client } from '@temporalio/client';
import { descriptorOf } from '../../../workers/descriptor.js';
import { type EngineProfile, isStale } from '../../domain/engine-profile.js';
import { isWorkflowId, scheduleId } from '../../domain/temporal-names.js';
import type { Verification } from '../../domain/verification.js';
import type { Progress, RotationOutcome } from '../../domain/rotation.js';
import type { DeliveryStatus } from '../../../activities/delivery/status.js';
import { schedulePlanOf } from '../../config/schedule-plan.js';
import { type DueTimes, dueTimesOf, type Records, recordsOf } from '../../schedules/due-times.js';
import type { ChannelState, RotationRow, Version } from '../../store/records.js';
import type { Store } from '../../store/store.js';
import { deliveredTo, whyNotInForce } from './delivery-status.js';
import { progressOf, type Sighting, type Slow } from '../session/progress.js';
import { describe } from '../schedules/schedules.js';
import type { Session } from '../session/session.js';

export interface CredentialStatus {
  readonly credential: string;
  /** Null when the configuration no longer has it. */
  readonly procedure: string | null;
  readonly current: CurrentVersion | null;
  /** Whether a schedule rotates it. */
  readonly scheduled: boolean;
  /** Who paused its schedule, and why; null when it is not paused, or without Temporal. */
  readonly paused: string | null;
  /** Unix ms; null without a version in force, and where there is only an occasion. */
  readonly dueAt: number | null;
  /** When to rotate it, where no interval says so: for instance "on revocation". Null where an interval does. */
  readonly occasion: string | null;
  /** Unix ms of when the value expires; null when it does not, or the provider does not say. */
  readonly endsAt: number | null;
  /** Unix ms of when a scheduled rotation may begin by its window, once it is due. */
  readonly nextWindowAt: number | null;
  readonly overdue: boolean;
  /** Unix ms of when the old value is retired; null when none waits for that, or without Temporal. */
  readonly inGraceUntil: number | null;
  /** Who has to act before it continues: the owner, else an operator; null when nobody has to. */
  readonly waitingFor: string | null;
  readonly rotation: OpenRotation | null;
  /** Whether the value is in force, by the last verification; null when the present version was never verified. */
  readonly inForce: Omit<Verification, 'credential' | 'memory'> | null;
  /** How its engine behaves where the vendor's documentation is silent, as `keyturn check --deep` measured it; null before that. */
  readonly engine: (EngineProfile & { readonly stale: boolean }) | null;
  /** The deliveries of its values, as they were just seen. */
  readonly delivered: readonly DeliveryStatus[];
  /** Versions that no running rotation will clear away. */
  readonly orphans: readonly Pick<Version, 'number' | 'state' | 'providerId'>[];
  /** Labels of what an attempt may have made at the provider. */
  readonly openIntents: readonly string[];
  readonly last: { readonly outcome: RotationOutcome; readonly at: number; readonly why: string | null } | null;
  /** What a person should look at, one sentence each. */
  readonly trouble: readonly string[];
}

export interface CurrentVersion {
  readonly number: number;
  readonly adopted: boolean;
  /** Unix ms of its promotion or adoption. */
  readonly since: number;
  readonly ageMs: number;
}

export interface OpenRotation {
  readonly version: number;
  readonly openedAt: number;
  readonly actor: string;
  readonly reason: string;
  /** What the workflow reports; null without Temporal, or when no worker answers. */
  readonly progress: Progress | null;
  /** Why the step in progress takes longer than usual; null while it does not. */
  readonly slow: Slow | null;
}

/** Channels of the configuration whose last message did not get through. */
export async function brokenChannels({ config, store }: Session): Promise<ChannelState[]> {
  const named = Object.keys(config.notifications ?? {});
  return (await store.channelStates()).filter(({ name, brokenSince }) => brokenSince !== null && named.includes(name));
}

/** Every credential of the configuration, and those that only the store knows. Without a client, running rotations are not queried. */
export async function statusOf(session: Session, client: Client | null, only?: string): Promise<CredentialStatus[]> {
  const known = [
    ...Object.keys(session.config.credentials),
    ...(await session.store.credentials()).map(({ name }) => name),
  ];
  const names = [...new Set(known)].filter((name) => only === undefined || name === only);
  return Promise.all(names.map((name) => statusOfOne(session, client, name)));
}

async function statusOfOne(session: Session, client: Client | null, credential: string): Promise<CredentialStatus> {
  const { config, store } = session;
  const now = Date.now();
  const records = await recordsOf(store, credential);
  const { rotations, versions } = records;
  const open = rotations.find(({ closedAt }) => closedAt === null);
  const sighting = await sightingOf(client, open);
  const version = versions.find(({ state }) => state === 'current');
  const current = version ? currentOf(version, now) : null;
  const isConfigured = Object.hasOwn(config.credentials, credential);
  const { paused, unscheduled } = await scheduleOf(
    isConfigured && records.cadence ? client : null,
    scheduleId(store.installation, credential),
  );
  const facts = {
    ...{ credential, current, paused },
    ...(isConfigured ? plannedOf(config, records, { credential, now }) : unplanned),
    ...waitOf(sighting, config.credentials[credential]?.owner),
    rotation: open ? openRotationOf(open, sighting) : null,
    orphans: orphans(versions, open),
    delivered: await deliveredTo(session, credential),
    inForce: await inForceOf(store, credential, version),
    openIntents: await openIntents(store, credential, open),
    engine: await engineOf(store, credential),
    last: lastOf(rotations),
  };
  const seen = { version, versions, sighting, unscheduled };
  const restoredAt = await store.unreconciledSince(credential);
  const unheard = await unheardSince(store, credential);
  return { ...facts, trouble: troubleOf({ ...facts, ...seen, restoredAt, unheard }) };
}

async function unheardSince(store: Store, credential: string): Promise<number | null> {
  return (await store.emergencies(credential)).find(({ fence }) => fence === null)?.askedAt ?? null;
}

const answerMs = 3_000;

/** Nothing is known when Temporal does not answer: the status of a running rotation shows that. */
async function scheduleOf(client: Client | null, id: string): Promise<Pick<ObservedStatus, 'paused' | 'unscheduled'>> {
  const unknown = { paused: null, unscheduled: false };
  if (!client) return unknown;
  return client
    .withDeadline(Date.now() + answerMs, () => describe(client, id))
    .then((known) => ({ paused: known?.state.paused ? (known.state.note ?? '') : null, unscheduled: !known }))
    .catch(() => unknown);
}

/** Null when the last verification was of an earlier version. */
async function inForceOf(
  store: Store,
  credential: string,
  version: Version | undefined,
): Promise<CredentialStatus['inForce']> {
  const known = await store.verification(credential);
  if (!known || known.version !== version?.number) return null;
  const { state, drift, why, since, lookedAt, verifiedAt, healTriedAt, healedAt, healedBy, trouble } = known;
  const times = { since, lookedAt, verifiedAt, healTriedAt, healedAt };
  return { version: known.version, state, drift, why, ...times, healedBy, trouble };
}

async function engineOf(store: Store, credential: string): Promise<CredentialStatus['engine']> {
  const known = await store.profile(credential);
  return known.profile && { ...known.profile, stale: isStale(known) };
}

type Planned = Pick<CredentialStatus, 'procedure' | 'occasion'> & ReturnType<typeof timesOf>;

const unplanned: Planned = { procedure: null, occasion: null, ...timesOf(null) };

function plannedOf(
  config: Session['config'],
  records: Records,
  { credential, now }: { readonly credential: string; readonly now: number },
): Planned {
  const descriptor = descriptorOf(config, credential);
  const { id: procedure, occasion = null } = descriptor;
  const plan = schedulePlanOf(config, credential, descriptor);
  return plan
    ? { procedure, occasion: null, ...timesOf(dueTimesOf(plan, records, now)) }
    : { ...unplanned, procedure, occasion };
}

function timesOf(
  times: DueTimes | null,
): Pick<CredentialStatus, 'scheduled' | 'dueAt' | 'endsAt' | 'nextWindowAt' | 'overdue'> {
  const { scheduled = false, dueAt = null, endsAt = null, opensAt: nextWindowAt = null, overdue = false } = times ?? {};
  return { scheduled, dueAt, endsAt, nextWindowAt, overdue };
}

function waitOf(
  sighting: Sighting | null,
  owner = 'an operator',
): Pick<CredentialStatus, 'inGraceUntil' | 'waitingFor'> {
  const waiting = sighting?.progress?.waiting;
  if (!waiting) return { inGraceUntil: null, waitingFor: null };
  const inGrace = waiting.for === 'grace' || waiting.for === 'pause';
  return {
    inGraceUntil: inGrace ? (waiting.until ?? null) : null,
    waitingFor: waiting.for === 'operator' ? owner : null,
  };
}

/** A repair is an open rotation too, but has no workflow. */
async function sightingOf(client: Client | null, open: RotationRow | undefined): Promise<Sighting | null> {
  if (!client || !open || !isWorkflowId(open.workflowId)) return null;
  return progressOf(client, open.workflowId);
}

function currentOf({ number, adopted, promotedAt, createdAt }: Version, now: number): CurrentVersion {
  const since = promotedAt ?? createdAt;
  return { number, adopted, since, ageMs: now - since };
}

function openRotationOf({ version, openedAt, request }: RotationRow, sighting: Sighting | null): OpenRotation {
  const { actor, reason } = request;
  const { progress = null, slow = null } = sighting ?? {};
  return { version, openedAt, actor, reason, progress, slow };
}

function orphans(versions: readonly Version[], open: RotationRow | undefined): CredentialStatus['orphans'] {
  return versions
    .filter(({ state, fence }) => !['current', 'retired', 'discarded'].includes(state) && fence !== open?.fence)
    .map(({ number, state, providerId }) => ({ number, state, providerId }));
}

async function openIntents(store: Store, credential: string, open: RotationRow | undefined): Promise<string[]> {
  const intents = await store.intents(credential);
  return intents
    .filter(({ outcome, version }) => outcome === 'open' && version !== open?.version)
    .map(({ label }) => label);
}

/** Repairs are rows too, but have no outcome. */
function lastOf(rotations: readonly RotationRow[]): CredentialStatus['last'] {
  for (const { outcome, closedAt, why } of rotations)
    if (outcome !== null && closedAt !== null) return { outcome, at: closedAt, why };
  return null;
}

interface ObservedStatus extends Omit<CredentialStatus, 'trouble'> {
  readonly version: Version | undefined;
  readonly versions: readonly Version[];
  readonly sighting: Sighting | null;
  /** Unix ms of a restore from a backup since which the credential was not reconciled. */
  readonly restoredAt: number | null;
  /** When an emergency was declared that nothing has begun to handle, Unix ms. */
  readonly unheard: number | null;
  /** It was given a schedule, and Temporal has none. */
  readonly unscheduled: boolean;
}

function troubleOf(seen: ObservedStatus): string[] {
  const sentences = [...valueTrouble(seen), ...rotationTrouble(seen), ...deliveryTrouble(seen)];
  return [
    ...sentences.filter((sentence) => sentence !== null),
    ...seen.orphans.map(({ number, state }) => `Version ${number} is an orphan, ${state}.`),
    ...seen.openIntents.map((label) => `An attempt may have made "${label}" at the provider.`),
  ];
}

/** A pause is a person's decision: it is trouble from the moment on in which a rotation is overdue because of it. */
function scheduleTrouble({ credential, overdue, paused, unscheduled }: ObservedStatus): (string | null)[] {
  const because =
    paused === null ? '.' : `, and its schedule is paused (${paused}): keyturn schedules resume ${credential}`;
  return [
    overdue ? `Its rotation is overdue${because}` : null,
    unscheduled ? 'Its schedule is gone from Temporal: keyturn schedules apply' : null,
  ];
}

function valueTrouble(seen: ObservedStatus): (string | null)[] {
  const { procedure, current, rotation, version, credential, restoredAt, inForce } = seen;
  return [
    emergencyTrouble(seen),
    procedure === null ? 'It is in the store, but not in the configuration.' : null,
    current === null && !rotation ? `Nothing is adopted: keyturn adopt ${credential}` : null,
    version?.compromised ? `Version ${version.number} is compromised and in force.` : null,
    inForce?.state === 'drifted' ? `Version ${inForce.version} has drifted: ${inForce.why}` : null,
    ...scheduleTrouble(seen),
    restoredAt === null ? null : `The store was restored from a backup: keyturn reconcile ${credential}`,
  ];
}

function emergencyTrouble({ unheard, credential }: ObservedStatus): string | null {
  if (unheard === null) return null;
  const since = new Date(unheard).toISOString();
  return `NOTHING IS REVOKED YET in the emergency of ${since}: keyturn up, or keyturn emergency ${credential} --direct`;
}

/** While a rotation is open, its deliveries may be in progress. */
function deliveryTrouble({ credential, delivered, versions, rotation, current }: ObservedStatus): string[] {
  if (rotation) return [];
  return delivered.flatMap((each) => {
    const why = whyNotInForce(each, versions);
    const left = each.leftBehind.map((name) => `An interrupted delivery left ${name}: keyturn reconcile ${credential}`);
    return [
      ...(why === null
        ? []
        : [`${each.place} ${why}, and version ${current?.number} is in force: keyturn reconcile ${credential}`]),
      ...left,
    ];
  });
}

function rotationTrouble({ rotation, sighting, last }: ObservedStatus): (string | null)[] {
  if (!rotation) return [last && badEnd(last)];
  if (!sighting) return [];
  if (sighting.silent) return ['No worker is running for its rotation: keyturn up, or keyturn worker'];
  if (sighting.progress?.outcome !== null) return ['Its rotation is open in the store, but does not run in Temporal.'];
  const { waiting } = sighting.progress;
  return [waiting?.for === 'operator' ? `Its rotation waits for you: ${waiting.why}` : null];
}

function badEnd({ outcome, why }: NonNullable<CredentialStatus['last']>): string | null {
  return goodEnds.includes(outcome) ? null : `Its last rotation ended as ${outcome}: ${why ?? 'no reason given'}`;
}

const goodEnds: readonly RotationOutcome[] = ['retired', 'replaced'];
