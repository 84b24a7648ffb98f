import { basename } from 'node:path';
import type { VersionRef } from '../../src/domain/version.js';
import type { Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { toFailure } from '../shared/to-failure.js';
import type { DeliveryDeps } from './activities.js';
import { type Also, removeTemporaries, temporariesOf } from './files.js';
import { type Kept, type Place, placeOf } from './places.js';
import { nameOf, type Target } from './target.js';

/** What stands in one place where values of a credential go. */
export interface DeliveryStatus {
  /** For people. */
  readonly place: string;
  /** Number of the version whose value it is, by its fingerprint; null for anything else. */
  readonly version: number | null;
  /** `nothing`: the file or the variable is not there. */
  readonly holds: 'a version' | 'something else' | 'nothing' | 'what cannot be read';
  /** Why it cannot be read; null where it can. */
  readonly why: string | null;
  /** The version in force was put there. */
  readonly isDelivered: boolean;
  /** Names of files that writers left beside it that were killed. */
  readonly leftBehind: readonly string[];
}

/** Looks wherever values of a credential go and can be looked at. Changes nothing, and hands on no value. */
export async function survey(deps: DeliveryDeps, credential: string): Promise<DeliveryStatus[]> {
  const current = (await deps.store.versions(credential)).find(({ state }) => state === 'current');
  const places = deps.deliveries(credential).targets.flatMap((target) => {
    const place = placeOf(target);
    return place ? [{ target, place }] : [];
  });
  return Promise.all(
    places.map(async ({ target, place }) => ({
      place: place.name,
      ...(await standingAt(deps.store, credential, place)),
      isDelivered: current?.receipts[markOf(target)]?.ours !== undefined,
      leftBehind: await temporariesOf(place.path, keptFrom(place, credential)).catch(() => []),
    })),
  );
}

async function standingAt(
  store: Store,
  credential: string,
  place: Place,
): Promise<Pick<DeliveryStatus, 'version' | 'holds' | 'why'>> {
  try {
    if ((await place.read()) === null) return { version: null, holds: 'nothing', why: null };
    const version = (await holderOf(store, credential, place))?.number ?? null;
    return { version, holds: version === null ? 'something else' : 'a version', why: null };
  } catch (error) {
    return { version: null, holds: 'what cannot be read', why: toFailure(error).message };
  }
}

/** The version whose value stands there; of several the one in force. A newline behind an adopted value is not part of it. */
export async function holderOf(store: Store, credential: string, place: Place): Promise<Version | null> {
  const value = await place.value();
  if (value === null) return null;
  const spellings = new Set([value, value.trimEnd()].filter((each) => each !== ''));
  const known = (await Promise.all([...spellings].map((each) => store.identify(each)))).flat();
  const own = known.filter((version) => version.credential === credential);
  return own.find(({ state }) => state === 'current') ?? own.at(-1) ?? null;
}

/** Removes what writers left wherever values of a credential go. */
export async function removeLeftBehind({ deliveries }: DeliveryDeps, { credential }: VersionRef): Promise<void> {
  for (const target of deliveries(credential).targets) {
    const place = placeOf(target);
    if (place) await sweep(place, { credential });
  }
}

/** Removes what writers left there that were killed, and takes from those that were only frozen what they would put in place. */
export function sweep(place: Place, { credential }: Pick<VersionRef, 'credential'>): Promise<void> {
  return removeTemporaries(place.path, keptFrom(place, credential));
}

/** What stood there before any of the credential's versions. */
function keptFrom(place: Place, credential: string): Also {
  const prefix = basename(keptFor(place, { credential }, '').path);
  return (name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length));
}

/** What the store remembers of a target. */
export function markOf(target: Target): string {
  return `delivery to ${nameOf(target)}`;
}

/** Beside the place, in the name of credential and version. */
export function keptFor({ beside }: Place, { credential }: Pick<VersionRef, 'credential'>, number: number | ''): Kept {
  return { path: `${beside}.keyturn-${credential}-before-v${number}` };
}
