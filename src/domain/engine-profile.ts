/** How an engine does what its vendor leaves open, as it was seen to do it. Null where nothing could be seen. */
export interface EngineProfile {
  /** Unix ms. */
  readonly at: number;
  /** The release that answered. */
  readonly version: string | null;
  /** The method that changes an expiry. */
  readonly change: 'PATCH' | 'POST' | null;
  /** Digits of a second that an expiry keeps, and how it is written that it is UTC. */
  readonly precision: number;
  readonly zone: string;
  /** Whether a value may be added that is there already. */
  readonly duplicates: 'allowed' | 'refused';
  /** Whether an expiry may lie in the past. */
  readonly pastExpiry: 'allowed' | 'refused' | null;
  /** What becomes of the former current secret. */
  readonly rotate: 'drops' | 'keeps' | 'in-place' | null;
  /** The request that shows whether a value is accepted. */
  readonly probe: string | null;
  /** Longest time from a change until every connection agreed, in milliseconds. */
  readonly lagMs: number | null;
  /** What becomes of a viewer's session when the key of its token ends. */
  readonly sessions: 'go-on' | 'end' | null;
  /** What a restart was seen to do with what the API has set: with REPLACE_SECRETS_FROM_ENV=false it is kept. */
  readonly restart: 'kept' | 'replaced' | null;
}

/** Secrets that are on trial: what there was before, so that whatever is new can be ended after a crash. */
export interface Trial {
  /** Unix ms. */
  readonly at: number;
  /** Ids that were listed before. */
  readonly before: readonly number[];
  /** Expiries that were asked for. */
  readonly expiries: readonly string[];
  /** What has to be there still after a restart: the current secret, and one that nobody holds. */
  readonly restart?: { readonly current: number; readonly id: number };
}

/** What is known of the engine of a credential. */
export interface KnownProfile {
  readonly profile: EngineProfile | null;
  /** The trial that has begun and not ended; null when none has. */
  readonly trial: Trial | null;
  /** The release that answered last; null while none said which it is. */
  readonly seen: string | null;
}

/** Whether another release answers now than the one that was looked at. */
export function isStale({ profile, seen }: Pick<KnownProfile, 'profile' | 'seen'>): boolean {
  return profile !== null && profile.version !== null && seen !== null && profile.version !== seen;
}
