import type { KnownProfile } from '../domain/engine-profile.js';
import type { LedgerHead } from '../domain/ledger-head.js';
import type { Evidence, Finding } from '../domain/evidence.js';
import type { Opened, RotationOutcome, Wish } from '../domain/rotation.js';
import type { EngineView, ProviderView, EndProof, VersionRef, VersionState } from '../domain/version.js';
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
  Version,
  Wanted,
  Witness,
} from './records.js';

/**
 * The one place where versions, values and the ledger live. Every method is one transaction.
 * Methods that change a version throw FenceLost (an ApplicationFailure, not retryable) when `ref.fence` is not the open rotation's. Those
 * that are told who is asking throw it as well when a later attempt of the same activity has begun.
 */
export interface Store {
  readonly installation: string;

  // Adoption and configuration
  adopt(value: AdoptedValue): Promise<VersionRef>;
  /** Takes an adoption back that turned out wrong: only while no rotation has used it. */
  withdraw(ref: VersionRef): Promise<void>;
  credentials(): Promise<CredentialRow[]>;
  /** Takes a claim for a credential; throws a UserError naming the owner when somebody else has it. */
  claim(credential: CredentialRow, resources: readonly string[]): Promise<void>;

  /** Every name that credentials have or had. */
  names(): Promise<KnownName[]>;
  /** Gives a credential another name; everything follows it. Throws a UserError while a rotation or an emergency is open, or when the name is taken. */
  rename(renaming: Renaming): Promise<void>;
  /** Versions that their provider may accept, as far as anybody knows. */
  mayBeAlive(credential: string): Promise<Version[]>;
  /**
   * Forgets everything but the ledger. Throws a UserError while a rotation or an emergency is open, or when a version that may be alive is
   * none of `alive`: nobody agreed to lose that one.
   */
  forget(credential: string, alive: readonly number[], actor: string): Promise<void>;

  // One writer
  /** Opens a rotation with a rising fence and an `intended` next version. Repeated by the same workflow run it returns the same, while it is open. Throws NeedsDecision when another is open, or the store was restored and the credential not reconciled since. */
  open(credential: CredentialRow, claims: readonly string[], request: Wanted, writer: Writer): Promise<Opened>;
  /**
   * An emergency: opens a rotation or takes the open one over under a higher fence, marks every live version as compromised, and makes the next
   * version. Repeated by the same run it finds what lives by then and keeps the next version it made, unless that is live itself.
   * Claims the emergencies it is for; throws FenceLost when somebody else has claimed all of them.
   */
  seize(credential: CredentialRow, seizure: Seizure, writer: Writer): Promise<Seized>;
  /** Writes an emergency down before anything is sent. The same again, while nobody has claimed it, is the same emergency. */
  ask(asked: EmergencyAsked): Promise<Emergency>;
  /** The newest first. */
  emergencies(credential?: string): Promise<Emergency[]>;
  /** Stops the clock of every emergency that the rotation with this fence does. */
  stopClock(ref: VersionRef): Promise<void>;
  /** Keeps what a person has to look at with every emergency that the rotation with this fence does. */
  keepMaterial(ref: VersionRef, material: readonly AuditMaterial[]): Promise<void>;
  /** What `open` would return, without writing anything: for `plan`. */
  preview(credential: string): Promise<Opened>;
  /** The rotation goes on under a new run id (continue-as-new). */
  handOver(ref: VersionRef, writer: Writer): Promise<void>;
  /**
   * Throws FenceLost unless this rotation is open under exactly this run, and no later attempt of the same activity has begun. Called just
   * before every call that changes something outside.
   * Unix ms of the question: somebody else may have taken over since then.
   */
  fence(ref: VersionRef, writer: Writer): Promise<number>;
  close(ref: VersionRef, outcome: RotationOutcome, why: string | null): Promise<void>;
  rotations(credential?: string): Promise<RotationRow[]>;

  // Wishes
  /** Writes down what somebody asks of a rotation, in the ledger as well, and returns the id that a message names it by. */
  wish(wish: Wish): Promise<string>;
  /** Nobody is to be granted it. */
  withdrawWish(id: string): Promise<void>;
  /** What was written down under an id for this credential and the workflow that asks; null when nothing was, or another run has it. */
  grant(id: string, credential: string, writer: Writer): Promise<Wish | null>;

  // Reconciling
  /**
   * Opens a credential for repairs: a rotation that makes no version, under a rising fence. Throws NeedsDecision when a rotation is
   * open, or there is no live version to repair. The answer names the current version, else the newest live one.
   */
  beginRepair(credential: string, actor: string, writer: Writer): Promise<VersionRef>;
  endRepair(ref: VersionRef): Promise<void>;
  /** Unix ms of the restore after which nobody has reconciled this credential; null when there is none. Until then `open` refuses. */
  unreconciledSince(credential: string): Promise<number | null>;
  /** A person has compared the credential with the outside, and let it be repaired. */
  confirmReconciled(credential: string, actor: string): Promise<void>;

  // Schedules
  /** Null unless the credential is scheduled. */
  cadence(credential: string): Promise<Cadence | null>;
  /** From now on the interval is counted from this moment; a ledger entry says why. */
  setCadence(credential: string, cadence: Cadence, actor: string): Promise<void>;
  /** The credential is scheduled no longer. */
  dropCadence(credential: string, actor: string): Promise<void>;
  /**
   * Lets a scheduled rotation begin, unless a group it belongs to has as many in progress (opened and not past `promote`, or let through
   * less than a minute ago) as it may. The answer names those it has to wait for; none when it may begin.
   */
  reserve(credential: string, groups: readonly Group[]): Promise<string[]>;

  // Verification
  /** Null while nobody has looked. */
  verification(credential: string): Promise<Verification | null>;
  /** Keeps what a look has found, unless another look or a heal has come between it and what it was compared with: false then. */
  keepVerification(known: Verification | null, next: Verification): Promise<boolean>;
  /** Takes the one attempt to heal a drift. False when it was taken already. */
  claimHeal(credential: string): Promise<boolean>;
  /** Gives it back: nothing was written. */
  releaseHeal(credential: string): Promise<void>;

  // Engines
  /** What is known of how a credential's engine does what its vendor leaves open. */
  profile(credential: string): Promise<KnownProfile>;
  /** Keeps what is named of it; the rest stays. */
  keepProfile(credential: string, change: Partial<KnownProfile>): Promise<void>;

  // Notifications
  /** Writes down what is to be told on each of these channels; what was written down before stays as it is. */
  addNotices(channels: readonly string[], notices: readonly Notice[]): Promise<void>;
  /** The oldest notice that is to be sent now, taken for a minute; null when there is none. */
  takeNotice(channel: string): Promise<PendingNotice | null>;
  /** How sending it ended: a failure is tried again, with growing pauses. The ledger says when a channel breaks and when it works again. */
  settleNotice(pending: PendingNotice, error: string | null): Promise<void>;
  /** Every channel that was ever used. */
  channelStates(): Promise<ChannelState[]>;

  // Versions
  versions(credential?: string): Promise<Version[]>;
  /** Throws NotFound. */
  read(ref: Pick<VersionRef, 'credential' | 'number'>): Promise<Version>;
  /** The value's parts, unsealed. Throws when there is no value, the ring has no key for it, or the row was tampered with. */
  unseal(ref: Pick<VersionRef, 'credential' | 'number'>): Promise<Readonly<Record<string, string>>>;
  /** Which version has this value: compares keyed fingerprints. */
  identify(value: string): Promise<Version[]>;
  /** Checked against the state machine of src/domain/version.ts. */
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
      /** Added to the parts of the value, or put in the place of those of the same name. */
      readonly parts?: Readonly<Record<string, string>>;
      readonly compromised?: true;
    },
    writer?: Writer,
  ): Promise<void>;

  // Creating
  /** Records a new attempt, with what there was before it, and makes it the one whose result counts: an earlier attempt's `keep` is refused from now on. */
  intend(ref: VersionRef, seen?: readonly string[]): Promise<Intent>;
  intents(credential: string): Promise<Intent[]>;
  settle(intent: Pick<Intent, 'nonce'>, outcome: 'deleted' | 'nothing-made'): Promise<void>;
  /** Seals the value and moves `intended → candidate`. False when a later attempt took over or a value is there already: the caller deletes what it made. */
  keep(ref: VersionRef, intent: Pick<Intent, 'nonce'>, made: Created): Promise<boolean>;

  // Evidence
  prove(ref: Pick<VersionRef, 'credential' | 'number'>, finding: Finding, witness?: Witness): Promise<void>;
  /** What was seen last first. */
  evidence(ref: Pick<VersionRef, 'credential' | 'number'>): Promise<Evidence[]>;

  // Ledger
  record(entry: LedgerEntry): Promise<LedgerRow>;
  ledger(filter?: { readonly credential?: string; readonly limit?: number }): Promise<LedgerRow[]>;
  /** Walks the chain. `brokenAt` is the first entry whose HMAC does not fit. `statesFit`: each version is in the state in which Keyturn left it. */
  verifyLedger(): Promise<LedgerHead & { readonly brokenAt: number | null; readonly statesFit: boolean }>;
  /** Where the ledger ends, for whoever keeps it outside. Everything up to there is on the disk, so that a loss of power makes no store look older. */
  head(): Promise<LedgerHead>;
  /** Whether this is the ledger that ended there once. If not, it ends earlier, or has another entry in that place. */
  goesThrough(known: LedgerHead): Promise<'yes' | 'ends-before' | 'another-entry'>;

  destroy(): Promise<void>;
}
