import type { AccessCheck } from '../shared/access.js';
import type { ProbeVerdict } from '../shared/probes.js';
import type { LastUse } from '../shared/usage.js';
import type { Parts } from './provider.js';

/** What a question is to show, and the name that it may leave behind. */
export interface Asking {
  /** Where several services answer for one provider, each has to answer so. */
  readonly expected: 'accepted' | 'refused';
  /** Unique to one credential of one installation. */
  readonly mark: string;
}

/** What the store knows of an account, by provider ids. */
export interface Known {
  /** The credential's current version. Null while its id is unknown, and left out where there is none. */
  readonly current?: string | null;
  /** Every version of every credential. */
  readonly ids: readonly string[];
}

/** An open account. Each verb sends one request or a few, and knows no store, no fence and no retry. */
export interface Account {
  /** Propagation delay of a change, in milliseconds. */
  readonly propagationMs: number;
  /** Asks with the value itself. Throws unless the provider judged the value. */
  ask(parts: Parts, asking: Asking): Promise<ProbeVerdict>;
  check(known: Known): Promise<AccessCheck[]>;
}

/** A value that a provider issued. */
export interface Issued {
  /** Stored with the version as its provider id. */
  readonly id: string;
  /** Null when no value came with it. It is revoked again. */
  readonly parts: Parts | null;
  /** When it expires, Unix seconds. Null when it never does. */
  readonly expiresAt?: number | null;
  /** A further request that it needs before its use. When that fails, the value is an orphan. */
  complete?(): Promise<void>;
}

/** An entry of a provider's list. Never holds a value. */
export interface Listed {
  /** The provider id of a version. A path: `a/b` lies within `a`, and ends with it. */
  readonly id: string;
  /** Its name at the provider: a label, where it is ours. */
  readonly name: string;
  /** Its name for a person who has no store. Default: `name`. */
  readonly shownAs?: string;
  /** Unix seconds by the provider's clock, and null when it shows no use. Left out where the list does not tell. */
  readonly lastUsedAt?: number | null;
  /** When it expires, Unix seconds. Null when it never does. */
  readonly expiresAt?: number | null;
  /** Values lie within it. It is none itself. */
  readonly isHolder?: true;
  /** It exists and is switched off. */
  readonly isDisabled?: true;
  /** It cannot be read completely, so it may lie within any holder. */
  readonly isUnreadable?: true;
}

/** A value that is to end. */
export interface Target {
  readonly id: string;
  /** Empty where it goes by its id. */
  readonly parts: Parts;
  /** The version was never in force: a holder with one of these names was created for it alone, and ends with it. */
  readonly labels: readonly string[];
  /** The list, where it was just read. */
  readonly listed?: readonly Listed[];
  /** It is compromised: an unreadable entry does not hold it up. */
  readonly isCompromised: boolean;
  /** Whether another value may end with it, because it is compromised as well. */
  mayEnd(id: string): boolean;
}

/** Nothing was revoked, because the value can end only with a holder that holds values of others. */
export interface Entangled {
  readonly holder: string;
  /** What a person can do. */
  readonly why: string;
}

/** The provider issues a value and shows it once. The previous value stays valid. */
export interface IssuingAccount extends Account {
  /** `label` is unique to the attempt. `earlier`: provider ids of the credential's other versions, oldest first. */
  issue(label: string, earlier: readonly string[]): Promise<Issued>;
  /** Revokes one value. Idempotent. */
  revoke(target: Target): Promise<Entangled | void>;
}

/** The provider lists its values. */
export interface ListingAccount extends IssuingAccount {
  /** Of several uses within this time the provider may record only the first, in milliseconds. */
  readonly usageResolutionMs: number;
  /** When the provider last answered, by its own clock (Unix seconds). */
  readonly providerTime: number | undefined;
  list(): Promise<readonly Listed[]>;
  /** The listed entries that an adopted value may be. */
  find(parts: Parts): Promise<readonly Listed[]>;
  lastUse(id: string): Promise<LastUse>;
}

/** Its values have no names. */
export interface NamelessAccount extends ListingAccount {
  /** Whose values they are, for people. */
  readonly owner: string;
  /** Nobody else creates values for the owner. */
  readonly exclusive: boolean;
}

/** There is one value. A new one replaces it at once, and the account's password can read it. */
export interface ReplacingAccount extends Account {
  /** The value in force, whoever created it. Null when there is none. */
  read(): Promise<Parts | null>;
  /** Replaces `current` by a new value. Throws when `current` is no longer in force (401). Null: there is no value yet. */
  replace(current: Parts | null): Promise<Parts>;
}
