import type { KnownProfile } from '../domain/engine-profile.js';
import type { LedgerHead } from '../domain/ledger-head.js';
import type { Evidence, Finding } from '../domain/evidence.js';
import type { Opened, RotationOutcome, Wish } from '../domain/rotation.js';
import type { EngineView, ProviderView, EndProof, VersionRef, VersionState } from '../domain/version.js';
import type { Task, TaskPolicy, TaskText, TaskView } from '../domain/task.js';
import type { Verification } from '../domain/verification.js';
import type { Notice } from '../domain/notice.js';
import type {
  AdoptedValue,
  AuditMaterial,
  Cadence,
  ChannelState,
  CredentialRow,
  Emergency,
  EmergencyAsked,
  Group,
  Intent,
  KnownName,
  LedgerEntry,
  LedgerRow,
  Created,
  WriteReceipts,
  PendingNotice,
  Writer,
  Renaming,
  RotationRow,
  Seized,
  Seizure,
  Sources,
  TaskEnding,
  Version,
  Wanted,
  Witness,
} from './records.js';

/**
 * The store of versions, values and the ledger. Every method is one transaction.
 * Methods that change a version throw FenceLost (an ApplicationFailure, not retryable) when `ref.fence` is not the open rotation's fence.
 * Methods with a `writer` throw it as well when a later attempt of the same activity has begun.
 */
export interface Store {
  readonly installation: string;

  // Adoption and configuration
  adopt(value: AdoptedValue): Promise<VersionRef>;
  /** Undoes a wrong adoption. Only while no rotation has used it. */
  withdraw(ref: VersionRef): Promise<void>;
  credentials(): Promise<CredentialRow[]>;
  /** Claims resources for a credential. Throws a UserError with the owner's name when another credential has one. */
  claim(credential: CredentialRow, resources: readonly string[]): Promise<void>;

  /** Every present and former name of credentials. */
  names(): Promise<KnownName[]>;
  /**
   * Renames a credential with everything that is stored about it. Throws a UserError while a rotation or an emergency is open, or when the
   * name is taken.
   */
  rename(renaming: Renaming): Promise<void>;
  /** Versions that their provider may accept, as far as is known. */
  mayBeAlive(credential: string): Promise<Version[]>;
  /**
   * Forgets everything but the ledger. `alive`: numbers of versions that may be live and that a person agreed to lose. Throws a UserError
   * while a rotation or an emergency is open, or when another version may be live.
   */
  forget(credential: string, alive: readonly number[], actor: string): Promise<void>;

  // One writer
  /**
   * Opens a rotation with a higher fence and an `intended` next version. Idempotent for the same workflow run, while the rotation is open.
   * Throws NeedsDecision when another one is open, or the store was restored and the credential not reconciled since.
   */
  open(credential: CredentialRow, claims: readonly string[], request: Wanted, writer: Writer): Promise<Opened>;
  /**
   * An emergency: opens a rotation, or takes the open one over with a higher fence. Marks every live version as compromised, and makes the
   * next version. Repeated by the same run, it marks versions that are live by then, and reuses its next version unless that is live itself.
   * Claims its emergencies. Throws FenceLost when other workflows have claimed all of them.
   */
  seize(credential: CredentialRow, seizure: Seizure, writer: Writer): Promise<Seized>;
  /** Records an emergency before anything is sent. The same request again, while unclaimed, is the same emergency. */
  ask(asked: EmergencyAsked): Promise<Emergency>;
  /** Newest first. */
  emergencies(credential?: string): Promise<Emergency[]>;
  /** Stops the clock of every emergency of the rotation with this fence. */
  stopClock(ref: VersionRef): Promise<void>;
  /** Stores audit material for a person with every emergency of the rotation with this fence. */
  keepMaterial(ref: VersionRef, material: readonly AuditMaterial[]): Promise<void>;
  /** The result of `open`, without writing anything. For `plan`. */
  preview(credential: string): Promise<Opened>;
  /** The rotation continues under a new run id (continue-as-new). */
  handOver(ref: VersionRef, writer: Writer): Promise<void>;
  /**
   * Throws FenceLost unless this rotation is open under exactly this run, and no later attempt of the same activity has begun. Called just
   * before every request that changes something outside.
   * Returns the time of the check (Unix ms), from which the lease counts.
   */
  fence(ref: VersionRef, writer: Writer): Promise<number>;
  close(ref: VersionRef, outcome: RotationOutcome, why: string | null): Promise<void>;
  rotations(credential?: string): Promise<RotationRow[]>;

  // Wishes
  /** Records a person's request to a rotation, also in the ledger. Returns its id, which the message carries. */
  wish(wish: Wish): Promise<string>;
  /** Deletes a request, so that it is never granted. */
  withdrawWish(id: string): Promise<void>;
  /** The recorded request with an id, for this credential and workflow. Null when there is none, or another run has it. */
  grant(id: string, credential: string, writer: Writer): Promise<Wish | null>;

  // Tasks
  /** Opens a task, or returns the one that this rotation has opened under this title. Throws FenceLost. */
  openTask(ref: VersionRef, text: TaskText, policy: TaskPolicy): Promise<TaskView>;
  /** The task of this rotation with a title, open or done. Null when there is none. */
  knownTask(ref: VersionRef, title: string): Promise<Task | null>;
  /** Newest first. */
  tasks(credential?: string): Promise<Task[]>;
  /** Ends a task, and stores the value that it asked for, in one transaction. Throws a UserError when the task is over. */
  endTask(id: string, ending: TaskEnding): Promise<Task>;
  /** Throws a UserError when the task is over. */
  reassignTask(id: string, wanted: { readonly to: string; readonly actor: string }): Promise<Task>;
  /** Records that the generated value is shown; the task then waits as long as it takes. Throws a UserError when it was shown before, or the task is over. */
  handOverTask(id: string, actor: string): Promise<Task>;
  /** Withdraws an open task; with `unseen`, unless its value was handed over. Returns the task as it is then. Throws FenceLost. */
  withdrawTask(ref: VersionRef, id: string, when: { readonly unseen: boolean }): Promise<TaskView>;
  /** The rotation has seen how the task ended. */
  noticeTask(id: string): Promise<void>;

  // Reconciling
  /**
   * Opens a credential for repairs: a rotation without a new version, with a higher fence. Throws NeedsDecision when a rotation is open,
   * or there is no live version to repair. Returns the current version, else the newest live one.
   */
  beginRepair(credential: string, actor: string, writer: Writer): Promise<VersionRef>;
  endRepair(ref: VersionRef): Promise<void>;
  /** Unix ms of a restore after which the credential was not reconciled. Null when there is none. Until then `open` refuses. */
  unreconciledSince(credential: string): Promise<number | null>;
  /** Records that a person has reconciled the credential. */
  confirmReconciled(credential: string, actor: string): Promise<void>;

  // Schedules
  /** Null unless the credential is scheduled. */
  cadence(credential: string): Promise<Cadence | null>;
  /** Counts the interval from this moment on. A ledger entry has the reason. */
  setCadence(credential: string, cadence: Cadence, actor: string): Promise<void>;
  /** The credential is no longer scheduled. */
  dropCadence(credential: string, actor: string): Promise<void>;
  /**
   * Admits a scheduled rotation, unless one of its groups is at its limit. Rotations in progress are those opened and not past `promote`,
   * and those admitted less than a minute ago. Returns the credentials that it has to wait for. Empty: it may begin.
   */
  reserve(credential: string, groups: readonly Group[]): Promise<string[]>;

  // Verification
  /** Null while it was never verified. */
  verification(credential: string): Promise<Verification | null>;
  /** Stores the result of a verification. False, and unchanged, when another verification or a heal came after `known`. */
  keepVerification(known: Verification | null, next: Verification): Promise<boolean>;
  /** Takes the only attempt to heal a drift. False when it was taken before. */
  claimHeal(credential: string): Promise<boolean>;
  /** Returns that attempt after a heal that wrote nothing. */
  releaseHeal(credential: string): Promise<void>;

  // Engines
  /** The stored profile of a credential's engine. */
  profile(credential: string): Promise<KnownProfile>;
  /** Changes the given fields of the profile. */
  keepProfile(credential: string, change: Partial<KnownProfile>): Promise<void>;

  // Notifications
  /** Stores notices for each of these channels. Those that are already stored stay as they are. */
  addNotices(channels: readonly string[], notices: readonly Notice[]): Promise<void>;
  /** The oldest notice to send now, leased for a minute. Null when there is none. */
  takeNotice(channel: string): Promise<PendingNotice | null>;
  /** Records the result of a send. A failure is retried with growing pauses. The ledger records when a channel breaks and works again. */
  settleNotice(pending: PendingNotice, error: string | null): Promise<void>;
  /** Every channel ever used. */
  channelStates(): Promise<ChannelState[]>;

  // Versions
  versions(credential?: string): Promise<Version[]>;
  /** Throws NotFound. */
  read(ref: Pick<VersionRef, 'credential' | 'number'>): Promise<Version>;
  /** The value's parts, unsealed. Throws when there is no value, the ring has no key for it, or the row was tampered with. */
  unseal(ref: Pick<VersionRef, 'credential' | 'number'>): Promise<Readonly<Record<string, string>>>;
  /** The versions with this value, by keyed fingerprints. */
  identify(value: string): Promise<Version[]>;
  /** Moves a version by the state machine of src/domain/version.ts. */
  move(ref: VersionRef, to: VersionState, endProof?: EndProof): Promise<void>;
  /** current → retiring for the old one and candidate → current for the new one, in one transaction. */
  promote(next: VersionRef, writer?: Writer): Promise<void>;
  /** The reverse, for a roll back during the grace. */
  demote(next: VersionRef, writer?: Writer): Promise<void>;
  note(
    ref: VersionRef,
    facts: {
      readonly provider?: ProviderView;
      /** `maybe` and `yes` turn the live versions that the engine held until then into `maybe` and `no`. */
      readonly engine?: EngineView;
      readonly receipts?: WriteReceipts;
      readonly sources?: Sources;
      readonly providerId?: string;
      /** Added to the parts of the value. Replaces parts of the same name. */
      readonly parts?: Readonly<Record<string, string>>;
      readonly compromised?: true;
    },
    writer?: Writer,
  ): Promise<void>;

  // Creating
  /** Records a new attempt, with the ids that the provider listed before. From now on `keep` refuses the values of earlier attempts. */
  intend(
    ref: VersionRef,
    how?: { readonly seen?: readonly string[] | undefined; readonly writer?: Writer },
  ): Promise<Intent>;
  /** The open attempt that a person is asked to make, or a new one. */
  intendAsked(ref: VersionRef, writer?: Writer): Promise<Intent>;
  intents(credential: string): Promise<Intent[]>;
  settle(intent: Pick<Intent, 'nonce'>, outcome: 'deleted' | 'nothing-made'): Promise<void>;
  /** Seals the value and moves `intended → candidate`. False when a later attempt took over or there is a value: the caller then revokes its own. */
  keep(ref: VersionRef, intent: Pick<Intent, 'nonce'>, created: Created): Promise<boolean>;

  // Evidence
  prove(ref: Pick<VersionRef, 'credential' | 'number'>, finding: Finding, witness?: Witness): Promise<void>;
  /** Newest observation first. */
  evidence(ref: Pick<VersionRef, 'credential' | 'number'>): Promise<Evidence[]>;

  // Ledger
  record(entry: LedgerEntry): Promise<LedgerRow>;
  ledger(filter?: { readonly credential?: string; readonly limit?: number }): Promise<LedgerRow[]>;
  /** Verifies the chain. `brokenAt`: the first entry whose HMAC does not match. `statesFit`: each version is in the state that Keyturn wrote. */
  verifyLedger(): Promise<LedgerHead & { readonly brokenAt: number | null; readonly statesFit: boolean }>;
  /** The end of the ledger, to be kept outside the store. Everything up to it is on disk, so a power failure cannot make the store look older. */
  head(): Promise<LedgerHead>;
  /** Whether the ledger contains an earlier end. If not, it is shorter, or has another entry there. */
  goesThrough(known: LedgerHead): Promise<'yes' | 'ends-before' | 'another-entry'>;

  destroy(): Promise<void>;
}
