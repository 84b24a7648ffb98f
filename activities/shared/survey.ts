import type { VersionRef } from '../../src/domain/version.js';
import { labelOf } from '../../src/store/intents.js';
import type { Store } from '../../src/store/store.js';
import { accepted, askUntil, type Prober, refusedBy, wasAccepted } from './probes.js';

/** State of a credential's account at its provider, read only. Never holds a secret. */
export interface ProviderSurvey {
  readonly versions: readonly SurveyedVersion[];
  readonly orphans: readonly Orphan[];
  /** Why orphans cannot be listed. Left out where the provider has a list. */
  readonly unlisted?: string;
  /** Nobody but a person revokes values there. `name` is for people. */
  readonly byHand?: { readonly name: string; readonly overlap: 'both-valid' | 'single' };
}

export interface SurveyedVersion {
  readonly number: number;
  readonly verdict: 'accepted' | 'refused' | 'listed' | 'not listed';
  /** Unix seconds by the provider's clock. Null when it shows no use. */
  readonly lastUsedAt: number | null;
}

/** Something in the account that is no version of the store. */
export interface Orphan {
  /** The provider's id, such as `service_account/…`. */
  readonly id: string;
  readonly name: string;
  /** The version named by its label, when it is exactly a label of ours. Null when it cannot be attributed. */
  readonly madeFor: number | null;
  readonly lastUsedAt: number | null;
}

/** State of the engine's settings that a credential feeds, read only. */
export interface EngineSurvey {
  readonly settings: readonly SurveyedSetting[];
  /** A value counts only after a restart of the engine. */
  readonly byRestart?: true;
}

export interface SurveyedSetting {
  readonly key: string;
  /** Whether it holds anything at all. */
  readonly set: boolean;
  /** The newest change, for a person: `by admin at …`. Null when there was none. */
  readonly changed: string | null;
  /** The newest change was made by the user that Keyturn logs in as. */
  readonly byUs: boolean;
  /** The version that the newest change wrote. Null when the store knows of no such write. */
  readonly version: number | null;
}

/**
 * Asks a provider about a version and stores the answer as evidence. Two observations prove a refusal: the value is refused on
 * every connection, and the list does not contain it.
 */
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
  const detail = `${refusedBy(prober)}, and ${prober.name} ${listed ? 'still lists it' : 'does not list it'}`;
  const outcome = !listed && (await wasAccepted(store, version)) ? 'proved' : 'not-observable';
  await store.prove(version, { kind: 'refused', outcome, detail });
  return 'refused';
}

/**
 * Returns a function from a label at the provider to the version of this credential that it was made for. Labels under earlier
 * names of the credential count. Null for every label that is not ours, or that could belong to another credential.
 */
export async function madeFor(store: Store, credential: string): Promise<(name: string) => number | null> {
  const known = await store.names();
  const names = known.some(({ name }) => name === credential)
    ? known
    : [...known, { name: credential, credential, after: 0 }];
  return (label) => {
    const [, digits, nonce = ''] = /-v(\d+)-([0-9a-f]{12})$/.exec(label) ?? [];
    if (digits === undefined) return null;
    const version = Number(digits);
    const matching = names.filter(
      ({ name, after }) =>
        version > after && labelOf(store.installation, { credential: name, version, nonce }) === label,
    );
    const [owner, ...others] = new Set(matching.map((each) => each.credential));
    return owner === credential && others.length === 0 ? version : null;
  };
}
