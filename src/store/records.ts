import { z } from 'zod';
import { type Opened, phases, type RotationOutcome, type RotationRequest } from '../domain/rotation.js';
import type { EngineView, ProviderView, EndProof, VersionRef, VersionState } from '../domain/version.js';
import type { Notice } from '../domain/notice.js';

/** A version without its value. */
export interface Version {
  readonly credential: string;
  readonly number: number;
  /** The credential's name when the version was made, which its labels outside carry. */
  readonly madeAs: string;
  readonly state: VersionState;
  /** Fence of the rotation that made or last moved it. */
  readonly fence: number;
  /** The provider's id for it, for instance `service_account/svc_acct_1`. Null until it is known. */
  readonly providerId: string | null;
  /** Names of the stored parts. Empty without a value. */
  readonly parts: readonly string[];
  /** Keyed fingerprint of the value (HMAC-SHA256, hex). Null without a value. */
  readonly fingerprint: string | null;
  readonly provider: ProviderView;
  readonly engine: EngineView;
  readonly compromised: boolean;
  readonly adopted: boolean;
  /** The operator asserted at adoption that only the engine uses it. */
  readonly soleUser: boolean;
  readonly receipts: WriteReceipts;
  /** Source of each engine setting when the value was adopted. Empty for a generated value. */
  readonly sources: Sources;
  readonly createdAt: number;
  readonly promotedAt: number | null;
  readonly retiredAt: number | null;
  readonly endProof: EndProof | null;
}

/** By setting key: the engine's database, its environment, or null where the source is unknown. */
export type Sources = Readonly<Record<string, 'db' | 'env' | null>>;

const WriteReceipt = z.object({
  /** Highest history id of the setting before our write. */
  before: z.number(),
  /** History id of our newest write of this value. Absent while its outcome is unknown. */
  ours: z.number().exactOptional(),
  /** History id of our first write, where the value was written again since to make the engine reload. */
  first: z.number().exactOptional(),
  /** A repeated write is in progress, and its outcome is unknown. */
  again: z.literal(true).exactOptional(),
  /** The engine said no to it: what is newer than `before` is somebody else's. */
  refused: z.literal(true).exactOptional(),
  /** Highest id that our attempts so far can have made, where each may make one. */
  upTo: z.number().exactOptional(),
});
export type WriteReceipt = Readonly<z.infer<typeof WriteReceipt>>;

/** Evidence of the writes of a version's settings, by setting key. */
export const WriteReceipts = z.record(z.string(), WriteReceipt);
export type WriteReceipts = Readonly<Record<string, WriteReceipt>>;

/** An attempt to create a value at a provider, recorded before the call (kind C creates). */
export interface Intent {
  readonly credential: string;
  readonly version: number;
  /** Unique per attempt. Part of the label. */
  readonly nonce: string;
  /** Name at the provider. It contains installation id and nonce, so only this attempt can have given it. */
  readonly label: string;
  /** `open` while the outcome is unknown. An open intent is listed forever. */
  readonly outcome: 'open' | 'kept' | 'deleted' | 'nothing-made';
  readonly providerId: string | null;
  /** Ids at the provider before the attempt. Absent where a label identifies our keys. */
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
  /** Engine kind and address plus provider account, as claimed. A change of these needs a new adoption. */
  readonly account: string;
}

export interface Renaming {
  readonly credential: string;
  readonly to: string;
  readonly actor: string;
}

/** A present or former name, whose labels may exist outside, and its credential. */
export interface KnownName {
  readonly name: string;
  readonly credential: string;
  /** Versions of this name up to this number belong to a forgotten credential. */
  readonly after: number;
}

export interface AdoptedValue {
  readonly credential: CredentialRow;
  readonly parts: Readonly<Record<string, string>>;
  readonly soleUser: boolean;
  readonly actor: string;
  /** Exclusive claims on resources, for instance `docuelevate:https://docs.example.com#openai_api_key`. */
  readonly claims: readonly string[];
}

export interface RotationRow {
  readonly credential: string;
  readonly fence: number;
  readonly workflowId: string;
  readonly runId: string;
  readonly version: number;
  readonly request: RotationRequest;
  /** It is an emergency's. */
  readonly seized: boolean;
  /** The requested grace, in milliseconds. Null for the configured one. */
  readonly graceMs: number | null;
  readonly openedAt: number;
  readonly closedAt: number | null;
  /** Null while it is open, and for repairs. */
  readonly outcome: RotationOutcome | null;
  readonly why: string | null;
}

/** A request for a rotation. */
export interface Wanted extends RotationRequest {
  /** Replaces the configured grace. */
  readonly graceMs?: number;
}

/** What a person did about a task. `words`: what they said about it. */
export interface TaskEnding {
  readonly state: 'done' | 'declined';
  readonly actor: string;
  readonly words: string | null;
  /** The new value, where the task asks for it. */
  readonly parts?: Readonly<Record<string, string>>;
}

/** A request for an emergency. */
export interface EmergencyAsked {
  readonly credential: string;
  readonly actor: string;
  readonly reason: string;
  /** Null for every live version. */
  readonly versions: readonly number[] | null;
  /** Start of its clock, in Unix ms. Default: now. Earlier when it was declared before the store could record it. */
  readonly askedAt?: number;
}

/** A stored emergency. */
export interface Emergency extends EmergencyAsked {
  readonly id: string;
  /** Start of its clock, in Unix ms. */
  readonly askedAt: number;
  /** Fence of the rotation that handles it. Null until one has claimed it. */
  readonly fence: number | null;
  /** The workflow that claimed it, or `direct/…`. */
  readonly workflowId: string | null;
  readonly claimedAt: number | null;
  /** The versions to contain. */
  readonly targets: readonly number[];
  /** When everything was contained, including what an interrupted step created, in Unix ms. */
  readonly containedAt: number | null;
  readonly material: readonly AuditMaterial[];
}

/** One entry of an outside system's records that a person has to check. Never holds a secret. */
export const AuditMaterial = z.object({
  /** Where it was found, for instance `DocuElevate audit log`. */
  source: z.string(),
  /** In the source's format, by its own clock. */
  at: z.string().nullable(),
  what: z.string(),
});
export type AuditMaterial = Readonly<z.infer<typeof AuditMaterial>>;

/** A request to take a credential over for emergencies, by their ids. Without any, for every live version. */
export interface Seizure extends RotationRequest {
  readonly emergencies?: readonly string[];
}

/** Result of a takeover by an emergency. */
export interface Seized {
  readonly opened: Opened;
  readonly targets: readonly VersionRef[];
  /** The version in force, or one that the engine may hold, is among the targets. */
  readonly replace: boolean;
}

/** Start of the interval of a scheduled credential. */
export interface Cadence {
  /** Unix ms. */
  readonly anchor: number;
  /** The cadence of the schedule, in words. */
  readonly basis: string;
  /** Why it is counted from the anchor. */
  readonly why: string;
}

/** Credentials of which at most `limit` may be rotated at a time. */
export interface Group {
  readonly credentials: readonly string[];
  readonly limit: number;
}

/** A notice that is being sent. */
export interface PendingNotice {
  readonly channel: string;
  readonly notice: Notice;
  /** Includes this one. */
  readonly attempts: number;
}

export interface ChannelState {
  readonly name: string;
  /** Unix ms of the oldest notice that failed since the last success. Null while the channel works. */
  readonly brokenSince: number | null;
  readonly why: string | null;
}

/** The writer: the execution that holds a fencing token, and the attempt of its activity. Outside Temporal there is no attempt. */
export interface Writer {
  readonly workflowId: string;
  readonly runId: string;
  readonly attempt?: { readonly activity: string; readonly number: number };
  /** End of the attempt's lease, in Unix ms. Left out where no other attempt can start. */
  readonly until?: number;
}

/** Author and time of an observation. */
export interface Witness {
  readonly writer: Writer;
  /** Unix ms. Default: now. */
  readonly at?: number | undefined;
}

/** A ledger entry with its place in the ledger. */
export const NumberedEntry = z.object({
  seq: z.int(),
  /** Unix ms. */
  at: z.int(),
  event: z.string(), // 'started', 'succeeded', 'waiting' (retried), 'failed', 'adopted', 'decided', 'opened', 'closed', …
  credential: z.string().exactOptional(),
  version: z.int().exactOptional(),
  fence: z.int().exactOptional(),
  actor: z.string().exactOptional(),
  phase: z.enum(phases).exactOptional(),
  title: z.string().exactOptional(),
  activity: z.string().exactOptional(),
  workflowId: z.string().exactOptional(),
  runId: z.string().exactOptional(),
  activityId: z.string().exactOptional(),
  attempt: z.int().exactOptional(),
  outcome: z.string().exactOptional(),
  detail: z.string().exactOptional(),
});
export type NumberedEntry = Readonly<z.infer<typeof NumberedEntry>>;

/** A ledger entry: one attempt of an activity, or one act of a person. */
export type LedgerEntry = Omit<NumberedEntry, 'seq' | 'at'>;

export interface LedgerRow extends NumberedEntry {
  /** HMAC over this entry and the previous one (hex). */
  readonly mac: string;
}
