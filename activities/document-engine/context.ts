import { type EngineProfile, isStale, type KnownProfile } from '../../src/domain/engine-profile.js';
import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Version, WriteReceipt } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { requireFence } from '../shared/fencing.js';
import { OutsideError } from '../shared/outside-error.js';
import { permanent, propagating } from '../shared/failures.js';
import { DocumentEngineClient, type DocumentEngineConnection, type SecretType, type Verbs } from './client.js';
import {
  dayMs,
  isEnding,
  isMarked,
  isNear,
  isSpare,
  markerOf,
  momentPast,
  momentSoon,
  noMarker,
  type Spare,
} from './marker.js';
import { expiryMs, type ListedSecret } from './schemas.js';

export interface DocumentEngineDeps {
  readonly store: Store;
  readonly verbs: Verbs;
  /** The engine of a credential. */
  readonly account: (credential: string) => Promise<DocumentEngineConnection>;
}

/** An engine and the version that an activity works on. */
export interface EngineContext extends Pick<DocumentEngineDeps, 'store' | 'verbs'> {
  readonly client: DocumentEngineClient;
  readonly connection: DocumentEngineConnection;
  readonly ref: VersionRef;
  /** The credential's versions when the activity began. */
  readonly versions: readonly Version[];
  /** Results of the last deep check. */
  readonly known: KnownProfile;
}

/** What a check has shown. */
export type Observed = Pick<Finding, 'outcome' | 'detail'>;

export async function contextOf(deps: DocumentEngineDeps, ref: VersionRef): Promise<EngineContext> {
  const { store, verbs, account } = deps;
  const known = await store.profile(ref.credential);
  const connection = asSeen(await account(ref.credential), known);
  if (known.profile?.change === 'POST') verbs.add(connection.url);
  const client = new DocumentEngineClient(connection, verbs);
  return { store, verbs, client, connection, ref, known, versions: await store.versions(ref.credential) };
}

/** Raises the propagation delay to at least twice the observed one. */
function asSeen(connection: DocumentEngineConnection, { profile }: KnownProfile): DocumentEngineConnection {
  const propagationMs = Math.max(connection.propagationMs, 2 * (profile?.lagMs ?? 0));
  const isNear = (profile?.lagMs ?? 0) < atOnceMs || propagationMs === connection.propagationMs;
  return isNear ? connection : { ...connection, propagationMs, connections: Math.max(connection.connections, 10) };
}

const atOnceMs = 1_000; // a shorter lag is only the time between two requests, or a slow engine

/** The profile of the engine. Null when another release answers by now, which may behave differently. */
export function followed({ client, known: { profile } }: EngineContext): EngineProfile | null {
  return isStale({ profile, seen: client.version }) ? null : profile;
}

/** Stores the release that answers, so that a profile of another release is noticed. */
export async function noteRelease({ store, client, known, ref }: EngineContext): Promise<void> {
  const { version: seen } = client;
  if (seen !== null && seen !== known.seen) await store.keepProfile(ref.credential, { seen });
}

/** Id of the credential's own test document. */
export function documentOf({ store, ref }: EngineContext): string {
  return `keyturn-${store.installation.slice(0, 8)}-${ref.credential}`;
}

/** The version's secret for the engine. */
export async function secretOf({ store, connection, ref }: EngineContext): Promise<string> {
  return (await store.unseal(ref))[connection.part] ?? '';
}

/** Variables of the engine's environment, by type. */
export const variables: Readonly<Record<SecretType, string>> = {
  jwt: 'JWT_PUBLIC_KEY',
  dashboard_password: 'DASHBOARD_PASSWORD',
  secret_key_base: 'SECRET_KEY_BASE',
};

/** The engine's list, and the id of the current secret: the one without an expiry. */
export async function list({ client, connection: { type } }: EngineContext): Promise<SecretList> {
  const listed = await client.secrets();
  const [current, ...others] = listed.filter(({ expiresAt }) => expiresAt === null);
  if (!current)
    throw permanent(
      'Rejected',
      `Document Engine has no ${type}: set ${variables[type]} in its environment once and restart it, then adopt that value`,
    );
  if (others.length === 0) return { listed, current: current.id };
  throw new OutsideError('Document Engine', 'listSecrets', { code: `${others.length + 1} current secrets` });
}

export interface SecretList {
  readonly listed: readonly ListedSecret[];
  readonly current: number;
}

/** Id under which the version is, or was, the current secret. Undefined while that is unknown. */
export function currentIdOf(
  { receipts }: Pick<Version, 'receipts'>,
  { type }: DocumentEngineConnection,
): number | undefined {
  return receipts[type]?.ours;
}

/** The same, of the context's version as the store has it now. */
export async function knownId({ store, connection, ref }: EngineContext): Promise<number | undefined> {
  return currentIdOf(await store.read(ref), connection);
}

/** Records the id under which the version is the current secret. */
export function noteCurrent({ store, connection, ref }: EngineContext, receipt: WriteReceipt): Promise<void> {
  return store.note(ref, { receipts: { [connection.type]: receipt } });
}

/** Receipt key of the version after an emergency: id of the secret that got a throwaway value. It may be the former secret's id. */
export const displaced = 'displaced';

/** Receipt key of an addition: the highest id before it, and the new id after it. */
export function spareKey({ type }: Pick<DocumentEngineConnection, 'type'>): string {
  return `${type} added`;
}

/** Ids of a version's secrets: as the current one, and as an added one. Other receipts hold no id of its value. */
export function idsIn(version: Pick<Version, 'receipts'>, connection: DocumentEngineConnection): string[] {
  const ids = [currentIdOf(version, connection), version.receipts[spareKey(connection)]?.ours];
  return ids.flatMap((id) => (id === undefined ? [] : [String(id)]));
}

/** The marker of the version's secrets. It depends on the credential's name at the time when the version was made. */
export function markerFor({ store, versions, ref: { credential, number } }: EngineContext): string {
  const { madeAs = credential } = versions.find((version) => version.number === number) ?? {};
  return markerOf(store.installation, { credential: madeAs, number });
}

function spareIdOf({ versions, connection, ref }: EngineContext): number | undefined {
  return versions.find(({ number }) => number === ref.number)?.receipts[spareKey(connection)]?.ours;
}

/** The secrets that were added for the version beside the current one. */
export function sparesOf(context: EngineContext, listed: readonly ListedSecret[]): Spare[] {
  const [marker, known] = [markerFor(context), spareIdOf(context)];
  return listed
    .filter(isSpare)
    .filter((secret) => isMarked(secret, marker) || (secret.id === known && isNear(secret, marker)));
}

/** The added secrets of the version, including those to which an attempt to end them gave a last moment that has not come. */
export function addedFor(context: EngineContext, listed: readonly ListedSecret[]): Spare[] {
  const [marker, known, now] = [markerFor(context), spareIdOf(context), context.client.now()];
  const isEnded = (secret: Spare): boolean =>
    isEnding(secret, marker, now) || (secret.id === known && expiryMs(secret.expiresAt) - now < dayMs);
  return [...new Set([...sparesOf(context, listed), ...listed.filter(isSpare).filter(isEnded)])];
}

/** Ends secrets that are not current. Throws a retry until all of them have expired. */
export async function expire(context: EngineContext, secrets: readonly ListedSecret[]): Promise<void> {
  const { store, client, ref } = context;
  const marker = markerFor(context);
  const waits: number[] = [];
  for (const { id } of secrets.filter(({ expiresAt }) => expiresAt !== null)) {
    await requireFence(store, ref);
    const soon = followed(context)?.pastExpiry === 'refused';
    waits.push(await (soon ? endSoon : end)(client, id, marker));
  }
  const waitMs = Math.max(0, ...waits);
  const why = 'Document Engine accepts no expiry in the past, so the secret expires in a moment; waiting';
  if (waitMs > 0) throw propagating(why, waitMs);
}

/**
 * Ends a secret that is not current. Where the engine refuses an expiry in the past, it gets the next possible moment, recognizable by
 * the marker. Returns the milliseconds until it expires.
 */
export async function end(client: DocumentEngineClient, id: number, marker = noMarker): Promise<number> {
  if ((await client.changeExpiry(id, momentPast(client.now()))) !== 'refused') return 0;
  return endSoon(client, id, marker);
}

async function endSoon(client: DocumentEngineClient, id: number, marker: string): Promise<number> {
  const soon = momentSoon(marker, client.now(), soonMs);
  if ((await client.changeExpiry(id, soon)) !== 'refused') return Date.parse(soon) - client.now();
  throw new OutsideError('Document Engine', 'changeExpiry', { status: 400 });
}

/** Time until a secret ends where it cannot end at once. The engine's clock is known only to the second. */
export const soonMs = 2_000;
