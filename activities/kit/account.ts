import type { AccessCheck } from '../shared/access.js';
import type { ProbeVerdict } from '../shared/probes.js';
import type { Parts } from './provider.js';

/** An open account. Each verb is a request or a few of them: it knows no store, no fence and no retry. */
export interface Account {
  /** How long a change may take to be known everywhere, in milliseconds. */
  readonly propagationMs: number;
  /** Asks with the value itself. Throws unless the provider spoke of the value. */
  ask(parts: Parts): Promise<ProbeVerdict>;
  check(): Promise<AccessCheck[]>;
}

/** What a provider made. */
export interface Issued {
  /** Kept with the version as its provider id. */
  readonly id: string;
  readonly parts: Parts;
}

/** The provider makes a value, shows it once, and the one before it lives on. */
export interface IssuingAccount extends Account {
  /** `label` is ours alone: people find by it what an attempt left whose answer was lost. */
  issue(label: string): Promise<Issued>;
  /** Ends one value. One that has ended already is fine. */
  revoke(issued: Issued): Promise<void>;
}

/** There is one value. A new one takes its place at once, and whoever has the account's password can read it. */
export interface ReplacingAccount extends Account {
  /** The value in force, whoever made it; null when there is none. */
  read(): Promise<Parts | null>;
  /** Puts a new value in the place of `current`, and answers 401 when that is not in force any more. Null: there is none yet. */
  replace(current: Parts | null): Promise<Parts>;
}
