import { basename } from 'node:path';
import type { VersionRef } from '../../src/domain/version.js';
import type { Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { toFailure } from '../shared/to-failure.js';
import type { DeliveryDeps } from './activities.js';
import { type Also, removeTemporaries, temporariesOf } from './files.js';
import { type Place, placeOf } from './places.js';
import { nameOf, type Target } from './target.js';

/** The state of one delivery place of a credential. */
export interface DeliveryStatus {
  /** For people. */
  readonly place: string;
  /** Number of the version whose value it holds, by its fingerprint. Null for anything else. */
  readonly version: number | null;
  /** `nothing`: the file or the variable is not there. */
  readonly holds: 'a version' | 'something else' | 'nothing' | 'what cannot be read';
  /** Why it cannot be read. Null where it can. */
  readonly why: string | null;
  /** The version in force was delivered there. */
  readonly isDelivered: boolean;
  /** Names of temporary files that killed writers left beside it. */
  readonly leftBehind: readonly string[];
}

/** The content of every readable place, for `keyturn status` and `keyturn reconcile`. Changes nothing and returns no value. */
export async function survey(deps: DeliveryDeps, credential: string): Promise<DeliveryStatus[]> {
  const current = (await deps.store.versions(credential)).find(({ state }) => state === 'current');
  const places = deps.deliveries(credential).targets.flatMap((target) => {
    const place = placeOf(target);
    return place ? [{ target, place }] : [];
  });
  return Promise.all(
    places.map(async ({ target, place }) => ({
      place: place.name,
      ...(await contentAt(deps.store, credential, place)),
      isDelivered: current?.receipts[receiptKey(target)]?.ours !== undefined,
      leftBehind: await temporariesOf(place.path, keptFrom(place, credential)).catch(() => []),
    })),
  );
}

async function contentAt(
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

/** The version whose value a place holds, preferably the one in force. A newline after an adopted value is not part of it. */
export async function holderOf(store: Store, credential: string, place: Place): Promise<Version | null> {
  const value = await place.value();
  if (value === null) return null;
  const spellings = new Set([value, value.trimEnd()].filter((each) => each !== ''));
  const known = (await Promise.all([...spellings].map((each) => store.identify(each)))).flat();
  const own = known.filter((version) => version.credential === credential);
  return own.find(({ state }) => state === 'current') ?? own.at(-1) ?? null;
}

/** Removes the temporary files that killed writers left at every place of a credential. */
export async function removeLeftBehind({ deliveries }: DeliveryDeps, { credential }: VersionRef): Promise<void> {
  for (const target of deliveries(credential).targets) {
    const place = placeOf(target);
    if (place) await sweep(place, credential);
  }
}

/** Removes the temporary files of other writers. A writer that was only frozen can then no longer put its file in place. */
export function sweep(place: Place, credential: string): Promise<void> {
  return removeTemporaries(place.path, keptFrom(place, credential));
}

/** Selects the files that hold the content from before any of the credential's versions. */
function keptFrom(place: Place, credential: string): Also {
  const prefix = basename(keptPath(place, credential, ''));
  return (name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length));
}

/** Key of a target's write receipt. */
export function receiptKey(target: Target): string {
  return `delivery to ${nameOf(target)}`;
}

/** Path of the kept content, beside the place and named by credential and version. */
export function keptPath({ beside }: Place, credential: string, number: number | ''): string {
  return `${beside}.keyturn-${credential}-before-v${number}`;
}
