import type { UsageData } from './rotation.js';

/**
 * Whether a version that was proved once is still in force. `suspected`: something speaks against it, and may pass or be healed.
 * `not-observable`: nothing speaks against it, and nobody can see, or could so far, that the engine uses it.
 */
export type InForce = 'verified' | 'suspected' | 'drifted' | 'not-observable';

/** What speaks against it. The first four are certain, the others show by themselves whether they were right. */
export type Drift =
  | 'revoked' // the provider refuses it, or does not have it any more
  | 'restored' // the engine does not know our own change any more
  | 'edited' // somebody else has changed a setting
  | 'revived' // a version that was to be out of use is used, or is there again
  | 'hidden' // the engine does not show our value, although the newest change is ours
  | 'failing' // documents fail at the step that needs it
  | 'unused'; // the provider shows no use of it, although the engine tries it all the time

/** One setting that a version feeds. `asserted`: it was adopted, and nothing speaks against it. */
export interface SettingSight {
  readonly key: string;
  readonly sight: 'ours' | 'asserted' | 'edited' | 'restored' | 'hidden';
  /** Of its newest change, for a person: `by admin at …`. */
  readonly changed: string;
}

/** How the step that needs the value ended, of documents that have begun it since the last look: the newest of them. */
export interface StepSight {
  readonly step: string;
  readonly end: 'success' | 'failure';
  /** It began in this look: nothing that the provider has shown is newer. */
  readonly isNewest?: true;
  /** The status that the failure names, such as 403. */
  readonly code: string | null;
}

/** A question of ours to the provider with the value itself, which is a use as well. */
export interface Probe {
  /** Unix milliseconds, our clock. */
  readonly at: number;
  /** Unix seconds by the provider's clock. */
  readonly providerTime?: number | undefined;
}

/** What one look at a credential has found. */
export interface Look {
  readonly credential: string;
  readonly version: number;
  /** Unix milliseconds, our clock. */
  readonly at: number;
  readonly settings: readonly SettingSight[];
  /** `listed` and `not listed`: nobody has asked with the value itself. */
  readonly verdict: 'accepted' | 'refused' | 'listed' | 'not listed';
  /** Unix seconds by the provider's clock; null where it shows none. */
  readonly lastUsed: number | null;
  /** Those before this look, the newest first. */
  readonly probes: readonly Probe[];
  /** What is wrong with versions that should be out of use, one sentence each. */
  readonly revived: readonly string[];
  readonly documents: StepSight | null;
  /** A document that goes through does so with this version: every other one is proved to be refused. */
  readonly isOnlyOne: boolean;
  /** Keyturn has written the settings itself, so it may write them once more. */
  readonly healable: boolean;
}

/** How it can be seen at all that the engine uses a value. */
export interface Terms {
  /** How often the engine tries it by itself; null where it does not. */
  readonly checkedEveryMs: number | null;
  /** How exactly the provider tells of uses; null where it does not. */
  readonly usage: UsageData | null;
}

/** What is compared at the next look. */
export interface Memory {
  /** Unix seconds by the provider's clock. */
  readonly lastUsed: number | null;
  /** Unix milliseconds, our clock: when the last use was seen to have moved. */
  readonly movedAt: number | null;
  /** Between how much time it was last seen to move: what is shown late does not stand still. */
  readonly movesWithinMs: number | null;
  /** The engine's newest log line. */
  readonly line: number | null;
  /** By setting key: the newest change of settings that nobody of us has written. */
  readonly changes: Readonly<Record<string, number>>;
  /** Unix milliseconds, our clock: when the provider refused the value. */
  readonly refusedAt: number | null;
}

/** What is known of one credential. Times are Unix milliseconds by our clock. */
export interface Verification {
  readonly credential: string;
  readonly version: number;
  readonly state: InForce;
  readonly drift: Drift | null;
  /** One sentence or more, for a person. */
  readonly why: string;
  /** Since when the state is what it is. */
  readonly since: number;
  readonly lookedAt: number;
  readonly verifiedAt: number | null;
  /** When the engine was made to reload, in this drift. */
  readonly healTriedAt: number | null;
  /** When a drift was last seen to be over. */
  readonly healedAt: number | null;
  /** `keyturn` by making the engine reload, `somebody` by anything else. */
  readonly healedBy: 'keyturn' | 'somebody' | null;
  /** Why the last look could not see anything; null when it could. */
  readonly trouble: string | null;
  readonly memory: Memory;
}

export const nothingKnown: Memory = {
  ...{ lastUsed: null, movedAt: null, movesWithinMs: null, line: null, refusedAt: null },
  changes: {},
};

/** What is known of the version that is looked at. */
export type Before = Omit<Verification, 'credential' | 'version' | 'trouble' | 'state'> & {
  readonly state: InForce | null;
};

const nothing: Before = {
  ...{ state: null, drift: null, why: '', since: 0, lookedAt: 0, verifiedAt: null },
  ...{ healTriedAt: null, healedAt: null, healedBy: null, memory: nothingKnown },
};

/** Of another version than the one that is looked at now, nothing holds. */
export function beforeOf(known: Verification | null, { version }: Pick<Look, 'version'>): Before {
  return known?.version === version ? known : nothing;
}

/** After this the engine has made its last try of a failed step: until then nobody else tries as well. */
export const retriesMs = 21 * 60_000;
