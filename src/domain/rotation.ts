import type { Call } from './call.js';
import type { CheckOutcome, EvidenceKind } from './evidence.js';
import type { VersionRef } from './version.js';

export type Trigger = 'manual' | 'schedule' | 'emergency';

/** Who asked for a rotation, and why. Shown in Temporal and in the ledger: never put a secret into `reason`. */
export interface RotationRequest {
  readonly actor: string;
  readonly trigger: Trigger;
  readonly reason: string;
  /** The interval of the credential's schedule is counted from this rotation on. An emergency does so by itself. */
  readonly resetsCadence?: true;
}

/** What the configuration says about how a rotation goes, in milliseconds. */
export interface RotationPolicy {
  readonly graceMs: number;
  /** How long trouble before the point of no return is waited out before the rotation rolls back by itself. */
  readonly giveUpAfterMs: number;
  /** How long the wait is that the guide has before a disabled value is deleted; what the guide says when left out. */
  readonly pauseMs?: number;
  /** How long what was issued with a value lives on, such as tokens; nothing does when left out. */
  readonly drainMs?: number;
  /** The configuration says where a new value goes besides the engine. */
  readonly delivers?: true;
  /** How exactly the provider tells when a value was used last; left out where it does not tell. */
  readonly usage?: UsageData;
  /** An old value is retired although nobody can see that the engine uses the new one. Left out, a person is asked. */
  readonly retiresUnseen?: true;
}

/** How exactly a provider tells when a value was used last, in milliseconds. */
export interface UsageData {
  /** Of several uses within so long it may note the first alone. */
  readonly resolutionMs: number;
  /** For so long a use may not show. */
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

/** Argument of every rotation workflow. Whoever can start one wrote it, so nothing that a rotation may do hangs on it. */
export interface RotationInput {
  readonly credential: string;
  /** What whoever started it says of itself: the store has what counts, under `wish`. */
  readonly request: RotationRequest;
  /** Under which the store keeps what was asked for. */
  readonly wish?: string;
  /** How soon a dead worker is noticed; the crash matrix makes it short. */
  readonly timing: {
    readonly heartbeatMs: number;
    /** How long a wait lasts in one run at most; an hour when left out. */
    readonly parkAfterMs?: number;
  };
  /** Present when the run continues an earlier one (continue-as-new in a long wait). */
  readonly parked?: Parked;
}

/** What a run hands to the next one. */
export interface Parked {
  readonly opened: Opened;
  readonly done: readonly string[];
  readonly undo: readonly Undo[];
  readonly steps: readonly StepProgress[];
  /** Unix ms of when the grace, the pause or the task ends that is waited for. */
  readonly deadline?: number;
  readonly emergencies: readonly EmergencyRequest[];
  readonly answers?: readonly DecisionRequest[];
  readonly completed?: readonly string[];
  readonly haste?: readonly Haste[];
  /** Ids of questions that nobody has answered, by what is asked. */
  readonly questions?: readonly (readonly [asked: string, id: string])[];
  /** What is waited for, until the next run has come there. */
  readonly waiting?: Waiting;
  /** The step that trouble is waited out about. */
  readonly failing?: FailingStep;
  readonly staleRounds?: number;
  readonly proofRounds?: number;
  readonly rollingBack?: RollingBack;
}

/** A roll back that has begun: it goes on, instead of the way forward. */
export interface RollingBack {
  readonly why: string;
  /** The new value was in force. */
  readonly promoted: boolean;
}

/** What somebody wants of the wait in progress: the store knows it by its id. */
export interface Haste {
  readonly wish: string;
}

/** A step in trouble, and how far its patience is used up. */
export interface FailingStep {
  readonly scope: string;
  readonly title: string;
  readonly failure: StepFailure;
  /** What kind of finding it was about; left out for what is none. */
  readonly kind?: EvidenceKind;
  /** When the step was first tried, Unix milliseconds. */
  readonly since: number;
  readonly tries: number;
}

/** Why a step did not succeed. */
export interface StepFailure {
  readonly why: string;
  /**
   * passing: waiting may help. final: it will not. ask: only a person can tell. stale: take the proof again.
   * unseen: a provider does not show a use yet. lost: somebody else is the writer now.
   */
  readonly kind: 'passing' | 'final' | 'ask' | 'stale' | 'unseen' | 'lost';
}

export interface Undo {
  readonly title: string;
  readonly call: Call<void>;
  /** It makes the earlier value work again, so it comes before the proof that this one works. */
  readonly revives?: true;
  /** What was issued with the new value until then is let pass before anything else is taken back. */
  readonly drains?: true;
}

/** What `versions.openRotation` found and made. */
export interface Opened {
  readonly fence: number;
  readonly current: VersionRef | null;
  readonly next: VersionRef;
  /** The current value was adopted and no rotation has shown yet that the engine really holds it. */
  readonly unconfirmed: boolean;
}

/** A rotation that is open, and how the configuration and whoever asked for it want it to go. */
export interface Begun extends Opened {
  readonly policy: RotationPolicy;
}

export type Decision = 'retry' | 'roll-back' | 'skip' | 'abandon';

export interface EmergencyRequest {
  readonly actor: string;
  readonly reason: string;
  /** Under which it lies in the store; without one nothing is claimed there, and every live version is meant. */
  readonly id?: string;
}

export interface DecisionRequest {
  /** `id` of the wait that it answers: it answers no other. */
  readonly question: string;
  readonly actor: string;
  readonly decision: Decision;
  readonly reason: string;
  /** With `skip`: goes on although the provider, which tells of uses, does not show one of the new value. */
  readonly withoutProof?: true;
  /** Under which the store has it; without one the actor is only what the message says. */
  readonly wish?: string;
}

/** What somebody asks of a rotation. A command writes it down first; messages to Temporal name it by its id. */
export type Wish = {
  readonly credential: string;
  /** Of the workflow that it is meant for: no other one is granted it. */
  readonly workflowId: string;
  readonly actor: string;
} & Wished;

export type Wished =
  | {
      readonly for: 'rotation';
      readonly trigger: Trigger;
      readonly reason: string;
      readonly resetsCadence?: true;
      /** Instead of the configuration's. */
      readonly graceMs?: number;
    }
  /** How much longer the wait in progress is to last, in milliseconds; null when it is to end now. */
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
  /** One sentence about the outcome or the trouble; never a secret. */
  readonly detail?: string;
  readonly startedAt: number;
  readonly endedAt?: number;
}

/** A rotation that cannot go on by itself: what is known, and what each choice does. */
export interface Waiting {
  /** Given to no other wait, of this rotation or another one. */
  readonly id: string;
  readonly for: 'operator' | 'retry' | 'grace' | 'pause';
  readonly why: string;
  /** What this means for documents right now. */
  readonly impact?: string;
  /** What is live where, one line per version. */
  readonly live?: readonly string[];
  /** Unix milliseconds of what happens by itself, if anything does. */
  readonly until?: number;
  readonly then?: string;
  readonly choices: readonly Decision[];
  /** The choice that can end the wait; the first of them when left out. */
  readonly helps?: Decision;
  /** What each choice would do. */
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
  /** Ids of the emergencies it has heard of. */
  readonly emergencies: readonly string[];
}

/** Result of the workflow. */
export interface RotationReport {
  readonly outcome: RotationOutcome;
  readonly version: number;
  /** How the end of the earlier version was shown; null when there was none or it lives on. */
  readonly oldCredential: 'refused' | 'not-observable' | 'attested' | null;
  readonly why?: string;
  /** What stays behind, for a person to look at. */
  readonly orphans: readonly string[];
}
