import { type EngineProfile, isStale, type KnownProfile } from '../../src/domain/engine-profile.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { requireFence } from '../shared/fencing.js';
import { OutsideError } from '../shared/outside-error.js';
import { permanent, propagating } from '../shared/failures.js';
import type { DocumentEngineDeps } from './activities.js';
import { DocumentEngineClient, type DocumentEngineConnection, type SecretType } from './client.js';
import { dayMs, isEnding, isMarked, isNear, isSpare, markerOf, momentPast, momentSoon, type Spare } from './marker.js';
import { expiryMs, type ListedSecret } from './schemas.js';

/** An engine, and the version that something is done about. */
export interface DocumentEngineWork {
  readonly store: Store;
  readonly client: DocumentEngineClient;
  readonly connection: DocumentEngineConnection;
  readonly ref: VersionRef;
  /** What a version's secrets are recognized by: the name that its credential had when it was made belongs to it. */
  readonly markerFor: (version: Pick<VersionRef, 'credential' | 'number'>) => string;
  /** What a look has found out about the engine. */
  readonly known: KnownProfile;
  /** Id under which the version's value was added, as far as it is noted. */
  readonly spareId: (version: Pick<VersionRef, 'number'>) => number | undefined;
}

export async function open({ store, verbs, engine }: DocumentEngineDeps, ref: VersionRef): Promise<DocumentEngineWork> {
  const known = await store.profile(ref.credential);
  const connection = asSeen(await engine(ref.credential), known);
  if (known.profile?.change === 'POST') verbs.add(connection.url);
  const versions = await store.versions(ref.credential);
  const markerFor: DocumentEngineWork['markerFor'] = ({ credential, number }) => {
    const { madeAs = credential } = versions.find((version) => version.number === number) ?? {};
    return markerOf(store.installation, { credential: madeAs, number });
  };
  const spareId: DocumentEngineWork['spareId'] = ({ number }) =>
    versions.find((version) => version.number === number)?.receipts[spareMark(connection)]?.ours;
  return { store, connection, ref, markerFor, spareId, known, client: new DocumentEngineClient(connection, verbs) };
}

/** A change takes at least twice as long to be known as it was seen to take. */
function asSeen(connection: DocumentEngineConnection, { profile }: KnownProfile): DocumentEngineConnection {
  const propagationMs = Math.max(connection.propagationMs, 2 * (profile?.lagMs ?? 0));
  const isNear = (profile?.lagMs ?? 0) < atOnceMs || propagationMs === connection.propagationMs;
  return isNear ? connection : { ...connection, propagationMs, connections: Math.max(connection.connections, 10) };
}

const atOnceMs = 1_000; // of questions that follow each other, and of an engine that is slow

/** What was found out, unless another release answers by now: that one may do otherwise. */
export function followed({
  client,
  known: { profile },
}: Pick<DocumentEngineWork, 'client' | 'known'>): EngineProfile | null {
  return isStale({ profile, seen: client.version }) ? null : profile;
}

/** Keeps which release answers, so that everybody sees when it is another one than was looked at. */
export async function noteRelease({ store, client, known, ref }: DocumentEngineWork): Promise<void> {
  const { version: seen } = client;
  if (seen !== null && seen !== known.seen) await store.keepProfile(ref.credential, { seen });
}

/** What the engine is given as the version's secret. */
export async function secretOf({ store, connection }: DocumentEngineWork, ref: VersionRef): Promise<string> {
  return (await store.unseal(ref))[connection.part] ?? '';
}

/** Variables of the engine's environment, by type. */
export const variables: Readonly<Record<SecretType, string>> = {
  jwt: 'JWT_PUBLIC_KEY',
  dashboard_password: 'DASHBOARD_PASSWORD',
  secret_key_base: 'SECRET_KEY_BASE',
};

/** The one without an expiry. */
export function currentIn(
  { connection: { type } }: Pick<DocumentEngineWork, 'connection'>,
  listed: readonly ListedSecret[],
): ListedSecret {
  const current = listed.filter(({ expiresAt }) => expiresAt === null);
  if (current.length === 0)
    throw permanent(
      'Rejected',
      `Document Engine has no ${type}: set ${variables[type]} in its environment once and restart it, then adopt that value`,
    );
  if (current.length === 1 && current[0]) return current[0];
  throw new OutsideError('document-engine', 'listSecrets', { code: `${current.length} current secrets` });
}

/** Id of the secret that the version is, or was, as the current one; undefined while that is not known. */
export function currentIdOf(
  { receipts }: Pick<Version, 'receipts'>,
  { type }: DocumentEngineConnection,
): number | undefined {
  return receipts[type]?.ours;
}

/** Receipt of the version that follows an emergency: id of the secret that took a value which nobody holds. It may be the former one's. */
export const displaced = 'displaced';

/** Name of the mark that an addition leaves: the highest id before it, and the one that was new after it. */
export function spareMark({ type }: Pick<DocumentEngineConnection, 'type'>): string {
  return `${type} added`;
}

/** Ids of a version's secrets, the current one and what was added beside it. No other mark is the id of its value. */
export function idsIn(version: Pick<Version, 'receipts'>, connection: DocumentEngineConnection): string[] {
  const ids = [currentIdOf(version, connection), version.receipts[spareMark(connection)]?.ours];
  return ids.flatMap((id) => (id === undefined ? [] : [String(id)]));
}

/** What was added for a version beside the current secret. */
export function sparesOf(
  { markerFor, spareId }: DocumentEngineWork,
  ref: VersionRef,
  listed: readonly ListedSecret[],
): Spare[] {
  const [marker, known] = [markerFor(ref), spareId(ref)];
  return listed
    .filter(isSpare)
    .filter((secret) => isMarked(secret, marker) || (secret.id === known && isNear(secret, marker)));
}

/** The same, and what an earlier attempt to end it gave a last moment that has not come. */
export function addedFor(work: DocumentEngineWork, ref: VersionRef, listed: readonly ListedSecret[]): Spare[] {
  const [marker, known, now] = [work.markerFor(ref), work.spareId(ref), work.client.now()];
  const spares = sparesOf(work, ref, listed);
  const ending = listed
    .filter(isSpare)
    .filter(
      (secret) => isEnding(secret, marker, now) || (secret.id === known && expiryMs(secret.expiresAt) - now < dayMs),
    );
  return [...new Set([...spares, ...ending])];
}

/** Ends secrets that are not current. Not done before all of them are over. */
export async function expire(work: DocumentEngineWork, secrets: readonly ListedSecret[]): Promise<void> {
  const { store, client, ref } = work;
  const marker = work.markerFor(ref);
  const waits: number[] = [];
  for (const { id } of secrets.filter(({ expiresAt }) => expiresAt !== null)) {
    await requireFence(store, ref);
    const soon = followed(work)?.pastExpiry === 'refused';
    waits.push(await (soon ? endSoon : end)(client, id, marker));
  }
  const waitMs = Math.max(0, ...waits);
  if (waitMs > 0)
    throw propagating('Document Engine takes no expiry in the past, so it ends in a moment; looked again', waitMs);
}

/**
 * Ends a secret that is not current. An engine that takes no expiry in the past gets the next moment, recognizable by the marker.
 * Returns in how many milliseconds it is over.
 */
export async function end(client: DocumentEngineClient, id: number, marker: string): Promise<number> {
  if ((await client.changeExpiry(id, momentPast(client.now()))) !== 'refused') return 0;
  return endSoon(client, id, marker);
}

async function endSoon(client: DocumentEngineClient, id: number, marker: string): Promise<number> {
  const soon = momentSoon(marker, client.now(), soonMs);
  if ((await client.changeExpiry(id, soon)) !== 'refused') return Date.parse(soon) - client.now();
  throw new OutsideError('document-engine', 'changeExpiry', { status: 400 });
}

/** How soon a secret ends where it cannot end at once; the engine's clock is known to the second. */
export const soonMs = 2_000;
