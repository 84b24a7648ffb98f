import type { AccessCheck } from '../shared/access.js';
import type { ProbeVerdict } from '../shared/probes.js';
import type { Parts } from './provider.js';

/** An open account. Each verb sends one request or a few, and knows no store, no fence and no retry. */
export interface Account {
  /** Propagation delay of a change, in milliseconds. */
  readonly propagationMs: number;
  /** Asks with the value itself. Throws unless the provider judged the value. */
  ask(parts: Parts): Promise<ProbeVerdict>;
  check(): Promise<AccessCheck[]>;
}

/** A value that a provider issued. */
export interface Issued {
  /** Stored with the version as its provider id. */
  readonly id: string;
  readonly parts: Parts;
}

/** The provider issues a value and shows it once. The previous value stays valid. */
export interface IssuingAccount extends Account {
  /** `label` is unique: when an answer was lost, a person finds the orphan by it. */
  issue(label: string): Promise<Issued>;
  /** Revokes one value. Idempotent. */
  revoke(issued: Issued): Promise<void>;
}

/** There is one value. A new one replaces it at once, and the account's password can read it. */
export interface ReplacingAccount extends Account {
  /** The value in force, whoever created it. Null when there is none. */
  read(): Promise<Parts | null>;
  /** Replaces `current` by a new value. Throws when `current` is no longer in force (401). Null: there is no value yet. */
  replace(current: Parts | null): Promise<Parts>;
}
