import type { Opened, Phase, RotationOutcome, RotationRequest } from '../domain/rotation.js';
import type { EngineView, ProviderView, EndProof, VersionRef, VersionState } from '../domain/version.js';
import type { Notice } from '../domain/notice.js';

/** A version without its value. */
export interface Version {
  readonly credential: string;
  readonly number: number;
  /** The credential's name when it was made: what was made for it outside carries that one. */
  readonly madeAs: string;
  readonly state: VersionState;
  /** Fence of the rotation that made or last moved it. */
  readonly fence: number;
  /** The provider's name for it, for instance `service_account/svc_acct_1`; null until it is known. */
  readonly providerId: string | null;
  /** Names of the parts that are kept; empty while there is no value or after it was erased. */
  readonly parts: readonly string[];
  /** Keyed fingerprint of the value (HMAC-SHA256, hex); null without a value. */
  readonly fingerprint: string | null;
  readonly provider: ProviderView;
  readonly engine: EngineView;
  readonly compromised: boolean;
  readonly adopted: boolean;
  /** Adopted with the operator's word that nothing but the engine uses it. */
  readonly soleUser: boolean;
  readonly receipts: WriteReceipts;
  /** Where the engine had each setting from when the value was adopted; empty for a value that was made here. */
  readonly sources: Sources;
  readonly createdAt: number;
  readonly promotedAt: number | null;
  readonly retiredAt: number | null;
  readonly endProof: EndProof | null;
}

/** By setting key: the engine's database, its environment, or null where neither is known to have set it. */
export type Sources = Readonly<Record<string, 'db' | 'env' | null>>;

/** What an engine answered when the version's settings were written, by setting key. */
export type WriteReceipts = Readonly<Record<string, WriteReceipt>>;

export interface WriteReceipt {
  /** Highest history id of the setting before our write. */
  readonly before: number;
  /** History id of our newest write of this value; absent while its outcome is unknown. */
  readonly ours?: number;
  /** History id of our first write of it, where it was written again since so that the engine reads it anew. */
  readonly first?: number;
  /** It is being written again, and whether that happened is not known. */
  readonly again?: true;
  /** The engine said no to it: what is newer than `before` is somebody else's. */
  readonly refused?: true;
}

/** An attempt to create something at a provider, recorded before the call (kind C creates). */
export interface Intent {
  readonly credential: string;
  readonly version: number;
  /** Unique per attempt; part of the label. */
  readonly nonce: string;
  /** Name given at the provider: installation id and nonce, and so attributable to us alone. */
  readonly label: string;
  /** `open` until it is known what became of it; an open one is listed for ever. */
  readonly outcome: 'open' | 'kept' | 'deleted' | 'nothing-made';
  readonly providerId: string | null;
  /** The provider's ids of what there was before the attempt; absent where a label tells what is ours. */
  readonly seen?: readonly string[];
  readonly at: number;
}

export interface Created {
  readonly providerId: string;
  /** The secret value by parts, for instance `{ key: '…' }`. */
  readonly parts: Readonly<Record<string, string>>;
}

export interface CredentialRow {
  readonly name: string;
  readonly procedure: string;
  /** Engine kind and address plus provider account, as claimed; a change of these needs a new adoption. */
  readonly account: string;
}

export interface Renaming {
  readonly credential: string;
  readonly to: string;
  readonly actor: string;
}

/** A name under which something may have been made outside, and whose it is. */
export interface KnownName {
  readonly name: string;
  readonly credential: string;
  /** Versions of this name up to here belong to a credential that is forgotten. */
  readonly after: number;
}

export interface AdoptedValue {
  readonly credential: CredentialRow;
  readonly parts: Readonly<Record<string, string>>;
  readonly soleUser: boolean;
  readonly actor: string;
  /** What nobody else may own, for instance `docuelevate:https://docs.example.com#openai_api_key`. */
  readonly claims: readonly string[];
}

export interface RotationRow {
  readonly credential: string;
  readonly fence: number;
  readonly workflowId: string;
  readonly runId: string;
  readonly version: number;
  readonly request: RotationRequest;
  /** An emergency's. */
  readonly seized: boolean;
  /** The grace that whoever asked for it wants, in milliseconds; null for the configuration's. */
  readonly graceMs: number | null;
  readonly openedAt: number;
  readonly closedAt: number | null;
  /** Null while it is open, and of repairs, which have none. */
  readonly outcome: RotationOutcome | null;
  readonly why: string | null;
}

/** A rotation as it is asked for. */
export interface Wanted extends RotationRequest {
  /** Instead of the configuration's. */
  readonly graceMs?: number;
}

/** An emergency as it is asked for. */
export interface EmergencyAsked {
  readonly credential: string;
  readonly actor: string;
  readonly reason: string;
  /** Null for every live version. */
  readonly versions: readonly number[] | null;
  /** Unix ms: when its clock started; now, unless it was declared before the store knew of it. */
  readonly askedAt?: number;
}

/** An emergency as it is kept. */
export interface Emergency extends EmergencyAsked {
  readonly id: string;
  /** Unix ms: when its clock started. */
  readonly askedAt: number;
  /** Fence of the rotation that does it; null until one has claimed it. */
  readonly fence: number | null;
  /** The workflow that claimed it, or `direct/…`. */
  readonly workflowId: string | null;
  readonly claimedAt: number | null;
  /** The versions that are contained. */
  readonly targets: readonly number[];
  /** Unix ms: everything is contained, also what an interrupted step still made. */
  readonly containedAt: number | null;
  readonly material: readonly AuditMaterial[];
}

/** One thing in an outside system's records that a person has to look at. Never holds a secret. */
export interface AuditMaterial {
  /** Where it was found, for instance `DocuElevate audit log`. */
  readonly source: string;
  /** As the source writes it, by its own clock. */
  readonly at: string | null;
  readonly what: string;
}

/** Who takes a credential over, and for which of the emergencies asked for; without any, for every live version. */
export interface Seizure extends RotationRequest {
  readonly emergencies?: readonly string[];
}

/** What an emergency has taken over. */
export interface Seized {
  readonly opened: Opened;
  readonly targets: readonly VersionRef[];
  /** What is in force, or what the engine may hold, is among the targets. */
  readonly replace: boolean;
}

/** From when the interval of a scheduled credential is counted. */
export interface Cadence {
  /** Unix ms. */
  readonly anchor: number;
  /** The cadence the schedule was made by, in words. */
  readonly basis: string;
  /** Why it is counted from there. */
  readonly why: string;
}

/** Credentials of which only so many may be rotated at a time. */
export interface Group {
  readonly credentials: readonly string[];
  readonly limit: number;
}

/** A notice on its way. */
export interface PendingNotice {
  readonly channel: string;
  readonly notice: Notice;
  /** This one included. */
  readonly attempts: number;
}

export interface ChannelState {
  readonly name: string;
  /** Unix ms of the oldest message that has not got through since the last one that did; null while it works. */
  readonly brokenSince: number | null;
  readonly why: string | null;
}

/** Who is asking: the execution that presents a fence, and which attempt of which of its activities; nobody attempts anything outside Temporal. */
export interface Writer {
  readonly workflowId: string;
  readonly runId: string;
  readonly attempt?: { readonly activity: string; readonly number: number };
  /** Unix ms until which nobody else takes the attempt for dead; left out where nobody would. */
  readonly until?: number;
}

/** Who saw something, and when. */
export interface Witness {
  readonly writer: Writer;
  /** Unix ms; now when left out. */
  readonly at?: number | undefined;
}

/** What the ledger says of one attempt of one activity or of one act of a person. */
export interface LedgerEntry {
  readonly event: string; // 'started', 'succeeded', 'waiting' (asked again), 'failed', 'adopted', 'decided', 'opened', 'closed', …
  readonly credential?: string;
  readonly version?: number;
  readonly fence?: number;
  readonly actor?: string;
  readonly phase?: Phase;
  readonly title?: string;
  readonly activity?: string;
  readonly workflowId?: string;
  readonly runId?: string;
  readonly activityId?: string;
  readonly attempt?: number;
  readonly outcome?: string;
  readonly detail?: string;
}

export interface LedgerRow extends LedgerEntry {
  readonly seq: number;
  readonly at: number;
  /** HMAC over this entry and the one before (hex). */
  readonly mac: string;
}
