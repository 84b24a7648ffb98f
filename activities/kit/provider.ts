import type { z } from 'zod';
import type { ProcedureDescriptor } from '../../src/domain/procedure.js';
import type { RequestsOf } from '../../src/domain/requests.js';
import type { UsageData } from '../../src/domain/rotation.js';
import type { SecretRef } from '../../src/fields/secret-ref.js';
import type { Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import type { Listing } from '../shared/listing.js';
import type { ProviderSurvey } from '../shared/survey.js';

/** A value by its parts. */
export type Parts = Readonly<Record<string, string>>;

/** Resolves a reference, at each use; `lines` for a secret of several lines. */
export type Secrets = (ref: SecretRef, shape?: 'lines') => Promise<string>;

/** What a version has left at its provider, as far as the store knows. */
export type Traces = Pick<Version, 'credential' | 'providerId' | 'receipts'>;

/** What the configuration says about one credential. */
export interface Entry {
  /** Its `provider` section. */
  readonly section: unknown;
  /** The engine that uses it. */
  readonly engine: unknown;
  readonly procedure: ProcedureDescriptor;
}

/** A field of a `provider` section, and the setting of DocuElevate that says the same. */
export interface ShownField {
  readonly field: string;
  readonly setting: string;
  /** What DocuElevate uses where the setting is not set. */
  readonly unset?: string;
  /** The setting's text as the section writes it. */
  readonly as?: (text: string) => string;
}

/** What the activities of every provider offer besides those of its procedures. */
export interface ProviderActivities {
  survey(credential: string, quietly?: boolean): Promise<ProviderSurvey>;
}

/** What a provider is: what its `provider` section holds and means, how its account is reached, and what can be done there. */
export interface ProviderSpec<S extends z.ZodObject, C, A extends ProviderActivities> {
  /** In activity names and in the configuration; also the name of its folder. */
  readonly system: string;
  /** For people. */
  readonly name: string;
  readonly section: S;
  /** The section has nothing that must be said. */
  readonly mayBeLeftOut?: true;
  /** Equal for sections that mean the same account. */
  identity(section: z.output<S>): string;
  /** Base address of every system that its requests name. */
  addresses?(section: z.output<S>): Readonly<Record<string, string>>;
  /** The account itself belongs to one credential: it has only so many places for values. */
  readonly exclusive?: true;
  /** How exactly it tells when a value was used last; left out where it does not tell. */
  usage?(section: z.output<S>): UsageData;
  /** What of the section DocuElevate shows in plain. */
  readonly shown?: readonly ShownField[];
  /** The parts of an adopted value, checked and completed. Throws when it is no value of this kind. */
  parts?(given: Parts): Parts;
  /** The account that a credential belongs to. Asks nobody; secrets are resolved when they are used. */
  connect(section: z.output<S>, secret: Secrets, entry: Entry): C;
  activities(deps: { readonly store: Store; readonly account: (credential: string) => Promise<C> }): A;
  /** Every request of each activity, in order. */
  readonly requests: RequestsOf<A>;
  /** What the provider itself lists of an account; left out where it has no list. */
  listing?(connection: C): Listing;
  /** Ids under which it lists a version; left out where that is its provider id. */
  idsOf?(version: Traces, connection: C): readonly string[];
}

/** The same for those who do not know which provider it is. Sections come as they stand in the configuration. */
export interface Provider<A extends ProviderActivities = ProviderActivities> {
  readonly system: string;
  readonly name: string;
  readonly account: z.ZodObject;
  /** `account`, as the configuration may write it. */
  readonly section: z.ZodType;
  readonly exclusive: boolean;
  readonly shown: readonly ShownField[];
  readonly requests: RequestsOf<A>;
  identity(section: unknown): string;
  addresses(section: unknown): Readonly<Record<string, string>>;
  /** Null where the provider does not tell. */
  usage(section: unknown): UsageData | null;
  parts(given: Parts): Parts;
  activities(deps: {
    readonly store: Store;
    readonly secret: Secrets;
    readonly entry: (credential: string) => Entry;
  }): A;
  /** Null where the provider has no list. */
  listing(entry: Entry, secret: Secrets): Listing | null;
  /** Ids under which the provider lists a version, as far as the store knows. */
  idsOf(version: Traces, entry: Entry): readonly string[];
}

export function defineProvider<S extends z.ZodObject, C, A extends ProviderActivities>(
  spec: ProviderSpec<S, C, A>,
): Provider<A> {
  const { system, name, section: account, mayBeLeftOut, exclusive = false, shown = [], requests } = spec;
  const connect = (entry: Entry, secret: Secrets): C => spec.connect(account.parse(entry.section), secret, entry);
  return {
    ...{ system, name, account, exclusive, shown, requests },
    section: mayBeLeftOut ? account.prefault({} as z.input<S>) : account,
    identity: (section) => spec.identity(account.parse(section)),
    addresses: (section) => spec.addresses?.(account.parse(section)) ?? {},
    usage: (section) => spec.usage?.(account.parse(section)) ?? null,
    parts: (given) => spec.parts?.(given) ?? given,
    activities: ({ store, secret, entry }) =>
      spec.activities({ store, account: async (credential) => connect(entry(credential), secret) }),
    listing: (entry, secret) => spec.listing?.(connect(entry, secret)) ?? null,
    idsOf: (version, entry) =>
      spec.idsOf?.(version, connect(entry, noSecret)) ?? (version.providerId === null ? [] : [version.providerId]),
  };
}

/** For what asks nobody. */
function noSecret(): Promise<never> {
  throw new Error('no secret is needed here');
}
