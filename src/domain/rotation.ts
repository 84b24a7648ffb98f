import type { Call } from './call.js';
import type { CheckOutcome, EvidenceKind } from './evidence.js';
import type { VersionRef } from './version.js';

export const triggers = ['manual', 'schedule', 'emergency'] as const;
export type Trigger = (typeof triggers)[number];

/** Who requested a rotation, and why. Temporal and the ledger show it: never put a secret into `reason`. */
export interface RotationRequest {
  readonly actor: string;
  readonly trigger: Trigger;
  readonly reason: string;
  /** Counts the interval of the credential's schedule from this rotation on. An emergency always does. */
  readonly resetsCadence?: true;
}

/** What the configuration says about a rotation, in milliseconds. */
export interface RotationPolicy {
  readonly graceMs: number;
  /** How long a failing step before the point of no return is retried until the rotation rolls back by itself. */
  readonly giveUpAfterMs: number;
  /** How long a disabled value is kept before it is deleted; left out, as long as the guide says. */
  readonly pauseMs?: number;
  /** How long tokens issued with a value stay valid; left out, nothing was issued with it. */
  readonly drainMs?: number;
  /** The configuration delivers new values to places besides the engine. */
  readonly delivers?: true;
  /** What differs between credentials that a person rotates. */
  readonly byHand?: ByHandPolicy;
  /** The value goes into the engine's environment, and counts after a restart. Left out, it goes into the engine's settings. */
  readonly environment?: EnvironmentPolicy;
  /** How precisely the provider reports the last use of a value; left out where it reports none. */
  readonly usage?: UsageData;
  /** Retires an old value although a use of the new one cannot be seen. Left out, a person is asked. */
  readonly retiresUnseen?: true;
}

/** How a value in an engine's environment comes into use. */
export interface EnvironmentPolicy {
  readonly restartedBy: 'command' | 'person';
}

/** How a credential is rotated by a person. */
export interface ByHandPolicy {
  readonly overlap: 'both-valid' | 'single';
  /** Keyturn generates the new value; otherwise the person brings it. */
  readonly generates?: true;
  /** The engine itself checks the value: its write ends the old one, and another write brings that back. */
  readonly endsByWrite?: true;
  /** A probe can ask the provider whether it accepts a value. */
  readonly probes?: true;
  /** Settings whose use a document shows, one for each step of its processing. */
  readonly byStep: readonly string[];
  /** Settings whose use no document shows, and an endpoint of the engine does. */
  readonly byTest: readonly string[];
  /** Settings whose use only a person can show. */
  readonly byWord: readonly string[];
}

/** How precisely a provider reports the last use of a value, in milliseconds. */
export interface UsageData {
  /** Within this time, the provider may record only the first of several uses. */
  readonly resolutionMs: number;
  /** Longest time until a use shows. */
  readonly lagMs: number;
}

export const phases = [
  'open',
  'confirm',
  'replace',
  'verify',
  'promote',
  'grace',
  'proof',
  'retire',
  'contain',
  'roll-back',
  'close',
] as const;
export type Phase = (typeof phases)[number];

/** Argument of every rotation workflow. Anybody who can start a workflow can forge it, so it grants no permission. */
export interface RotationInput {
  readonly credential: string;
  /** What the caller claims. What counts is the request that the store keeps under `wish`. */
  readonly request: RotationRequest;
  /** Id of the request in the store. */
  readonly wish?: string;
  /** How soon a dead worker is noticed; the crash matrix makes it short. */
  readonly timing: {
    readonly heartbeatMs: number;
    /** Longest wait in one run; an hour when left out. */
    readonly parkAfterMs?: number;
  };
  /** Present when the run continues an earlier one (continue-as-new in a long wait). */
  readonly parked?: Parked;
}

/** The state that a run passes to the next one. */
export interface Parked {
  readonly opened: Opened;
  readonly done: readonly string[];
  readonly undo: readonly Undo[];
  readonly steps: readonly StepProgress[];
  /** When the awaited grace, pause or task ends, Unix ms. */
  readonly deadline?: number;
  readonly emergencies: readonly EmergencyRequest[];
  readonly answers?: readonly DecisionRequest[];
  readonly ended?: readonly string[];
  readonly haste?: readonly Haste[];
  /** Ids of unanswered questions, by question. */
  readonly questions?: readonly (readonly [asked: string, id: string])[];
  /** The wait in progress, shown until the next run reaches it. */
  readonly waiting?: Waiting;
  /** The failing step that is being retried. */
  readonly failing?: FailingStep;
  readonly staleRounds?: number;
  readonly proofRounds?: number;
  readonly rollingBack?: RollingBack;
}

/** A roll back that has begun. The next run continues it. */
export interface RollingBack {
  readonly why: string;
  /** The new value was in force. */
  readonly promoted: boolean;
}

/** A request to end or extend the wait in progress. The store keeps it under its id. */
export interface Haste {
  readonly wish: string;
}

/** A failing step, and how much of its give-up time is used. */
export interface FailingStep {
  readonly scope: string;
  readonly title: string;
  readonly failure: StepFailure;
  /** Kind of the finding that failed; left out where the step makes no finding. */
  readonly kind?: EvidenceKind;
  /** When the step was first tried, Unix milliseconds. */
  readonly since: number;
  readonly tries: number;
}

/** Why a step did not succeed. */
export interface StepFailure {
  readonly why: string;
  /**
   * - passing: waiting may help
   * - final: waiting does not help
   * - ask: only a person can decide
   * - stale: take the proof again
   * - unseen: the provider does not show a use yet
   * - lost: another rotation holds the fence now
   */
  readonly kind: 'passing' | 'final' | 'ask' | 'stale' | 'unseen' | 'lost';
}

export interface Undo {
  readonly title: string;
  readonly call: Call;
  /** The call opens a task: a person undoes it. */
  readonly isTask?: true;
  /** Makes the earlier value work again, so it runs before the proof that the earlier value works. */
  readonly revives?: true;
  /** Takes nothing back by itself: it follows when other steps were taken back. */
  readonly follows?: true;
  /** Waits until tokens issued with the new value have expired before anything else is undone. */
  readonly drains?: true;
}

/** Result of `versions.openRotation`. */
export interface Opened {
  readonly fence: number;
  readonly current: VersionRef | null;
  readonly next: VersionRef;
  /** The current value was adopted, and no rotation has shown yet that the engine holds it. */
  readonly unconfirmed: boolean;
}

/** An open rotation, with the policy from the configuration and the request. */
export interface Begun extends Opened {
  readonly policy: RotationPolicy;
}

export const decisions = ['retry', 'roll-back', 'skip', 'abandon'] as const;
export type Decision = (typeof decisions)[number];

export interface EmergencyRequest {
  readonly actor: string;
  readonly reason: string;
  /** Id of the emergency in the store. Without one it claims nothing there and means every live version. */
  readonly id?: string;
}

export interface DecisionRequest {
  /** `id` of the wait that it answers. It answers no other wait. */
  readonly question: string;
  readonly actor: string;
  readonly decision: Decision;
  readonly reason: string;
  /** With `skip`: continues although the provider, which reports uses, shows none of the new value. */
  readonly withoutProof?: true;
  /** Id of the decision in the store. Without one, only the message names the actor. */
  readonly wish?: string;
}

/** A request concerning a rotation. A command stores it first; messages to Temporal contain only its id. */
export type Wish = {
  readonly credential: string;
  /** The only workflow that may redeem the request. */
  readonly workflowId: string;
  readonly actor: string;
} & Wished;

export type Wished =
  | {
      readonly for: 'rotation';
      readonly trigger: Trigger;
      readonly reason: string;
      readonly resetsCadence?: true;
      /** Overrides the configuration's grace. */
      readonly graceMs?: number;
    }
  /** Extends the wait in progress by `byMs` milliseconds; null ends it now. */
  | { readonly for: 'haste'; readonly byMs: number | null }
  | {
      readonly for: 'decision';
      readonly question: string;
      readonly decision: Decision;
      readonly reason: string;
      readonly withoutProof?: true;
    };

export type StepState = 'running' | 'done' | 'failed' | 'skipped' | 'waiting';

export interface StepProgress {
  readonly phase: Phase;
  readonly title: string;
  readonly state: StepState;
  readonly outcome?: CheckOutcome;
  /** One sentence about the outcome or the failure; never a secret. */
  readonly detail?: string;
  readonly startedAt: number;
  readonly endedAt?: number;
}

/** A wait of a rotation: what is known, and what each choice does. */
export interface Waiting {
  /** Unique among all waits of all rotations. */
  readonly id: string;
  readonly for: 'operator' | 'retry' | 'grace' | 'pause';
  /** Id of the task in the store that a person has to do. */
  readonly task?: string;
  readonly why: string;
  /** The impact on documents right now. */
  readonly impact?: string;
  /** Which values are live where, one line per version. */
  readonly live?: readonly string[];
  /** When `then` happens by itself, Unix milliseconds; left out when nothing does. */
  readonly until?: number;
  readonly then?: string;
  readonly choices: readonly Decision[];
  /** The choice that can end the wait; left out, the first one. */
  readonly helps?: Decision;
  /** What each choice does. */
  readonly effects: Readonly<Partial<Record<Decision, string>>>;
}

export type RotationOutcome = 'retired' | 'rolled-back' | 'abandoned' | 'contained' | 'replaced' | 'failed';

/** Answer of the `progress` query. */
export interface Progress {
  readonly credential: string;
  readonly procedure: string;
  readonly phase: Phase;
  readonly steps: readonly StepProgress[];
  readonly current: number | null;
  readonly next: number | null;
  readonly waiting: Waiting | null;
  readonly outcome: RotationOutcome | null;
  /** Ids of the emergencies it has received. */
  readonly emergencies: readonly string[];
}

/** Result of the workflow. */
export interface RotationReport {
  readonly outcome: RotationOutcome;
  readonly version: number;
  /** End proof of the earlier version; null when there was none or it stays valid. */
  readonly oldCredential: 'refused' | 'not-observable' | 'attested' | null;
  readonly why?: string;
  /** Orphans that a person has to look at. */
  readonly orphans: readonly string[];
}
