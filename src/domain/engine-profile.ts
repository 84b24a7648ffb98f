/** Observed behavior of an engine where its vendor's documentation is silent. Null where nothing could be observed. */
export interface EngineProfile {
  /** Unix ms. */
  readonly at: number;
  /** The release that answered. */
  readonly version: string | null;
  /** The HTTP method that changes an expiry. */
  readonly change: 'PATCH' | 'POST' | null;
  /** Number of decimal digits of a second that an expiry keeps. */
  readonly precision: number;
  /** How an expiry spells UTC. */
  readonly zone: string;
  /** Whether a value may be added a second time. */
  readonly duplicates: 'allowed' | 'refused';
  /** Whether an expiry may lie in the past. */
  readonly pastExpiry: 'allowed' | 'refused' | null;
  /** What a rotation does with the former current secret. */
  readonly rotate: 'drops' | 'keeps' | 'in-place' | null;
  /** The request that shows whether the engine accepts a value. */
  readonly probe: string | null;
  /** Longest propagation delay seen: from a change until every connection showed it, in milliseconds. */
  readonly lagMs: number | null;
  /** What happens to a viewer's session when the key of its token expires. */
  readonly sessions: 'go-on' | 'end' | null;
  /** What a restart does with secrets set by the API. With REPLACE_SECRETS_FROM_ENV=false it keeps them. */
  readonly restart: 'kept' | 'replaced' | null;
}

/** A trial with secrets of its own. Records what existed before, so that everything newer can be expired after a crash. */
export interface Trial {
  /** Unix ms. */
  readonly at: number;
  /** Ids that were listed before the trial. */
  readonly before: readonly number[];
  /** Expiries that the trial requested. */
  readonly expiries: readonly string[];
  /** Ids that must survive a restart: the current secret, and one that nobody uses. */
  readonly restart?: { readonly current: number; readonly id: number };
}

/** What is known about a credential's engine. */
export interface KnownProfile {
  readonly profile: EngineProfile | null;
  /** The trial in progress; null when there is none. */
  readonly trial: Trial | null;
  /** The release that answered last; null while no release is known. */
  readonly seen: string | null;
}

/** Whether the engine now runs another release than the profiled one. */
export function isStale({ profile, seen }: Pick<KnownProfile, 'profile' | 'seen'>): boolean {
  return profile !== null && profile.version !== null && seen !== null && profile.version !== seen;
}
