import type { UsageData } from './rotation.js';

/**
 * Whether a version that was proved once is still in force.
 * - `suspected`: there is a sign of drift, which may pass or be healed.
 * - `not-observable`: there is no sign of drift, but no use of the version was visible either.
 */
export type InForce = 'verified' | 'suspected' | 'drifted' | 'not-observable';

/** Signs of drift. The first four are certain; later looks confirm or clear the others. */
export type Drift =
  | 'revoked' // the provider refuses the version, or no longer has it
  | 'restored' // the engine no longer has our change
  | 'edited' // somebody else has changed a setting, or a rotation that was given up has left its value there
  | 'revived' // a version that should be out of use is used, or exists again
  | 'hidden' // the engine does not show our value, although the newest change is ours
  | 'failing' // documents fail at the step that needs the version
  | 'unused'; // the provider shows no use of the version, although the engine uses it regularly

/** One setting that a version feeds. `asserted`: the version was adopted, and there is no sign of drift. */
export interface SettingSight {
  readonly key: string;
  readonly sight: 'ours' | 'asserted' | 'edited' | 'restored' | 'hidden';
  /** Author and time of the newest change, for a person: `by admin at …`. */
  readonly changed: string;
  /** The version of ours that it holds in place of the one in force: a rotation that was given up has left it. */
  readonly holds?: number;
}

/** How the step that needs the value ended for the newest document that has begun it since the last look. */
export interface StepSight {
  readonly step: string;
  readonly end: 'success' | 'failure';
  /** The step began during this look, so nothing that the provider has shown is newer. */
  readonly isNewest?: true;
  /** The status that the failure names, such as 403. */
  readonly code: string | null;
}

/** One request of ours to the provider with the value itself. It counts as a use as well. */
export interface Probe {
  /** Unix milliseconds, our clock. */
  readonly at: number;
  /** Unix seconds by the provider's clock. */
  readonly providerTime?: number | undefined;
}

/** What one look at a credential found. */
export interface Look {
  readonly credential: string;
  readonly version: number;
  /** Unix milliseconds, our clock. */
  readonly at: number;
  readonly settings: readonly SettingSight[];
  /** `listed` and `not listed`: the value itself was not tried. */
  readonly verdict: 'accepted' | 'refused' | 'listed' | 'not listed';
  /** Unix seconds by the provider's clock; null where it shows none. */
  readonly lastUsed: number | null;
  /** Our probes before this look, newest first. */
  readonly probes: readonly Probe[];
  /** Problems with versions that should be out of use, one sentence each. */
  readonly revived: readonly string[];
  readonly documents: StepSight | null;
  /** Every other version is proved to be refused, so a document that goes through shows that this one was used. */
  readonly isOnlyOne: boolean;
  /** Keyturn wrote the settings itself, so it may write them again. */
  readonly healable: boolean;
}

/** How a use of a value by the engine can become visible. */
export interface Terms {
  /** How often the engine tries the value by itself; null where it does not. */
  readonly checkedEveryMs: number | null;
  /** How precisely the provider reports uses; null where it reports none. */
  readonly usage: UsageData | null;
}

/** What the next look compares with. */
export interface Memory {
  /** Unix seconds by the provider's clock. */
  readonly lastUsed: number | null;
  /** Unix milliseconds, our clock: when a look last saw that the last use had moved. */
  readonly movedAt: number | null;
  /** The time in which the last use was last seen to move, so that late data are not mistaken for no use. Milliseconds. */
  readonly movesWithinMs: number | null;
  /** The engine's newest log line. */
  readonly line: number | null;
  /** By setting key: id of the newest change that Keyturn did not write. */
  readonly changes: Readonly<Record<string, number>>;
  /** Unix milliseconds, our clock: when the provider refused the value. */
  readonly refusedAt: number | null;
}

/** What is known about one credential. Times are Unix milliseconds by our clock. */
export interface Verification {
  readonly credential: string;
  readonly version: number;
  readonly state: InForce;
  readonly drift: Drift | null;
  /** One sentence or more, for a person. */
  readonly why: string;
  /** Since when the state has been the same. */
  readonly since: number;
  readonly lookedAt: number;
  readonly verifiedAt: number | null;
  /** When Keyturn made the engine reload because of this drift. */
  readonly healTriedAt: number | null;
  /** When a look last saw that a drift was over. */
  readonly healedAt: number | null;
  /** `keyturn` by making the engine reload, `somebody` by anything else. */
  readonly healedBy: 'keyturn' | 'somebody' | null;
  /** Why the last look failed; null when it did not. */
  readonly trouble: string | null;
  readonly memory: Memory;
}

export const nothingKnown: Memory = {
  ...{ lastUsed: null, movedAt: null, movesWithinMs: null, line: null, refusedAt: null },
  changes: {},
};

/** What is known about the version being looked at. */
export type Before = Omit<Verification, 'credential' | 'version' | 'trouble' | 'state'> & {
  readonly state: InForce | null;
};

const nothing: Before = {
  ...{ state: null, drift: null, why: '', since: 0, lookedAt: 0, verifiedAt: null },
  ...{ healTriedAt: null, healedAt: null, healedBy: null, memory: nothingKnown },
};

/** Earlier knowledge counts only for the version being looked at. */
export function beforeOf(known: Verification | null, { version }: Pick<Look, 'version'>): Before {
  return known?.version === version ? known : nothing;
}

/** Time in which the engine makes all retries of a failed step. Until then, Keyturn does not try as well. */
export const retriesMs = 21 * 60_000;
