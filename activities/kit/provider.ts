import type { z } from 'zod';
import type { ProcedureDescriptor } from '../../src/domain/procedure.js';
import type { RequestsOf } from '../../src/domain/requests.js';
import type { UsageData } from '../../src/domain/rotation.js';
import type { TaskPolicy } from '../../src/domain/task.js';
import type { SecretRef } from '../../src/fields/secret-ref.js';
import type { Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import type { Listing } from '../shared/listing.js';
import type { ProviderSurvey } from '../shared/survey.js';

/** A value by its parts. */
export type Parts = Readonly<Record<string, string>>;

/** Resolves a reference, at each use. `lines`: for a secret of several lines. */
export type Secrets = (ref: SecretRef, shape?: 'lines') => Promise<string>;

/** What the store knows of a version at its provider. */
export type Traces = Pick<Version, 'credential' | 'providerId' | 'receipts'>;

/** What the configuration says about one credential. */
export interface Entry {
  /** Its `provider` section. */
  readonly section: unknown;
  /** The engine that uses it. */
  readonly engine: unknown;
  readonly procedure: ProcedureDescriptor;
  /** Who does what only a person can do. */
  readonly tasks?: TaskPolicy;
}

/** A field of a `provider` section, and the DocuElevate setting with the same meaning. */
export interface ShownField {
  readonly field: string;
  readonly setting: string;
  /** DocuElevate's default when the setting is not set. */
  readonly unset?: string;
  /** Converts the setting's text to the field's. */
  readonly as?: (text: string) => string;
}

/** Activities of every provider, besides those of its procedures. */
interface ProviderActivities {
  survey(credential: string, quietly?: boolean): Promise<ProviderSurvey>;
}

/** A provider: its `provider` section, how to connect to its account, and its activities. */
export interface ProviderSpec<S extends z.ZodObject, C, A extends ProviderActivities> {
  /** Its name in activity names, in the configuration and as a folder. */
  readonly system: string;
  /** Its name for people. */
  readonly name: string;
  readonly section: S;
  /** Every field of the section is optional. */
  readonly mayBeLeftOut?: true;
  /** Equal for sections that mean the same account. */
  identity(section: z.output<S>): string;
  /** Base address of every system that its requests name. */
  addresses?(section: z.output<S>): Readonly<Record<string, string>>;
  /** One credential owns the whole account, because the account has a limited number of slots for values. */
  readonly exclusive?: true;
  /** Precision of its last-use data. Left out where it has none. */
  usage?(section: z.output<S>): UsageData;
  /** Fields of the section that DocuElevate shows unmasked. */
  readonly shown?: readonly ShownField[];
  /** The parts of an adopted value, checked and completed. Throws when it is no value of this kind. */
  parts?(given: Parts): Parts;
  /** The account of a credential. Sends no request; secrets are resolved when they are used. */
  connect(section: z.output<S>, secret: Secrets, entry: Entry): C;
  activities(deps: { readonly store: Store; readonly account: (credential: string) => Promise<C> }): A;
  /** Every request of each activity, in order. */
  readonly requests: RequestsOf<A>;
  /** The provider's own list of an account. Left out where it has none. */
  listing?(connection: C): Listing;
  /** Ids under which it lists a version. Default: its provider id. */
  idsOf?(version: Traces, connection: C): readonly string[];
}

/** What a kind of the kit leaves to its providers. The rest is the kind's own. */
export type ProviderData<S extends z.ZodObject, C, A extends ProviderActivities> = Omit<
  ProviderSpec<S, C, A>,
  'connect' | 'activities' | 'requests' | 'listing'
>;

/** A provider without its type parameters. Sections are unparsed, as in the configuration. */
export interface Provider<A extends ProviderActivities = ProviderActivities> {
  readonly system: string;
  readonly name: string;
  readonly account: z.ZodObject;
  /** `account` with its defaults, for the configuration. */
  readonly section: z.ZodType;
  readonly exclusive: boolean;
  readonly shown: readonly ShownField[];
  readonly requests: RequestsOf<A>;
  identity(section: unknown): string;
  addresses(section: unknown): Readonly<Record<string, string>>;
  /** Null where the provider has no last-use data. */
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
      spec.idsOf?.(version, connect(entry, sendsNothing)) ?? (version.providerId === null ? [] : [version.providerId]),
  };
}

const sendsNothing: Secrets = () => Promise.reject(new Error('no secret is needed here'));
