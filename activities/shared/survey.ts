import type { VersionRef } from '../../src/domain/version.js';
import { labelOf } from '../../src/store/intents.js';
import type { Store } from '../../src/store/store.js';
import { accepted, askUntil, type Prober, refusedBy } from './probes.js';

/** What a provider shows of a credential's account, read only. Never holds a secret. */
export interface ProviderSurvey {
  readonly versions: readonly SurveyedVersion[];
  /** What the account holds besides the store's versions. */
  readonly orphans: readonly Orphan[];
  /** Why nothing is known of such; left out where the provider has a list. */
  readonly unlisted?: string;
}

export interface SurveyedVersion {
  readonly number: number;
  readonly verdict: 'accepted' | 'refused' | 'listed' | 'not listed';
  /** Unix seconds by the provider's clock; null when it shows no use. */
  readonly lastUsedAt: number | null;
}

/** Something in the account that is no version of the store. */
export interface Orphan {
  /** The provider's id, such as `service_account/…`. */
  readonly id: string;
  readonly name: string;
  /** The version that its name says it was made for: ours by our exact label. Null when it cannot be attributed. */
  readonly madeFor: number | null;
  readonly lastUsedAt: number | null;
}

/** What an engine shows of the settings that a credential feeds, read only. */
export interface EngineSurvey {
  readonly settings: readonly SurveyedSetting[];
}

export interface SurveyedSetting {
  readonly key: string;
  /** Whether it holds anything at all. */
  readonly set: boolean;
  /** The newest change, for a person: `by admin at …`; null when there was none. */
  readonly changed: string | null;
  /** The newest change was made by the user we log in as. */
  readonly byUs: boolean;
  /** The version whose write the newest change is; null when the store knows of no such write. */
  readonly version: number | null;
}

/** What a provider thinks of a version, kept as evidence. A refusal is proved by two witnesses: the value is refused on every connection, and the list does not have it. */
export async function askAbout(
  prober: Pick<Prober, 'name' | 'request' | 'refusal' | 'propagationMs' | 'connections' | 'pauseMs' | 'ask'>,
  store: Store,
  { version, listed }: { readonly version: Pick<VersionRef, 'credential' | 'number'>; readonly listed: boolean },
): Promise<'accepted' | 'refused'> {
  const answer = await askUntil('accepted', prober, await store.unseal(version));
  if (answer.verdict !== 'refused') {
    await store.prove(version, accepted(prober, answer));
    return 'accepted';
  }
  const once = (await store.evidence(version)).some(({ kind, outcome }) => kind === 'accepted' && outcome === 'proved');
  const detail = `${refusedBy(prober)}, and ${prober.name} ${listed ? 'still lists it' : 'does not list it'}`;
  await store.prove(version, { kind: 'refused', outcome: once && !listed ? 'proved' : 'not-observable', detail });
  return 'refused';
}

/** Which version of this credential a name was given for, by us and for no other credential, under any name it had; null for every other name. */
export async function madeFor(store: Store, credential: string): Promise<(name: string) => number | null> {
  const known = await store.names();
  const names = known.some(({ name }) => name === credential)
    ? known
    : [...known, { name: credential, credential, after: 0 }];
  return (label) => {
    const [, digits, nonce = ''] = /-v(\d+)-([0-9a-f]{12})$/.exec(label) ?? [];
    if (digits === undefined) return null;
    const version = Number(digits);
    const made = names.filter(
      ({ name, after }) =>
        version > after && labelOf(store.installation, { credential: name, version, nonce }) === label,
    );
    const [owner, ...others] = new Set(made.map((each) => each.credential));
    return owner === credential && others.length === 0 ? version : null;
  };
}
