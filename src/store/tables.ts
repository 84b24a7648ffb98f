import type { Evidence } from '../domain/evidence.js';
import type { Trigger, Wished } from '../domain/rotation.js';
import type { Task } from '../domain/task.js';
import type { Verification } from '../domain/verification.js';
import type { Cadence, CredentialRow, Emergency, Intent, RotationRow, Version } from './records.js';

/** 0 or 1: a boolean in both SQLite and PostgreSQL. */
export type Flag = number;

/** `providerId` is stored as `provider_id`. */
type Column<Field> = Field extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${Column<Rest>}`
  : Field;

/** A row that holds a record's fields, all but `Other` ones, which the table stores in another form or not at all. */
type Row<Content, Other extends keyof Content = never> = {
  -readonly [Field in Exclude<keyof Content, Other> as Column<Field>]-?: Content[Field];
};

export interface Tables {
  /** One row: the installation, the end of its ledger, and the last restore from a backup. */
  installation: {
    id: string;
    schema_version: number;
    ledger_seq: number;
    /** `mac` of the last ledger entry. Empty before the first. */
    ledger_mac: string;
    /** Digest of the states of all versions. */
    states: string;
    /** HMAC over the three above. It detects a ledger without its tail, or a changed state, even with these columns corrected. */
    ledger_seal: string;
    /** Unix ms of the last restore from a backup. Null when there was none. */
    restored_at: number | null;
    /** Every new fence is higher, so that fences from before a restore are invalid. */
    fence_floor: number;
  };
  /** Credentials that were reconciled since the last restore. */
  reconciliations: { credential: string; at: number };
  credentials: Row<CredentialRow>;
  /** Former names of credentials, and names of forgotten ones. */
  former_names: {
    name: string;
    /** The credential that had it, which no other one may take. Null where it is free again. */
    credential: string | null;
    /** Versions of this name up to this number, and fences up to `fence`, belong to forgotten credentials. 0 for none. */
    version: number;
    fence: number;
    at: number;
  };
  claims: { resource: string; credential: string };
  rotations: Row<RotationRow, 'request' | 'seized'> & {
    actor: string;
    trigger: Trigger;
    reason: string;
    /** It is an emergency's, which took the credential over. */
    seized: Flag;
    /** The schedule's interval is counted from it. */
    resets_cadence: Flag;
  };
  versions: Row<Version, 'parts' | 'compromised' | 'adopted' | 'soleUser' | 'receipts' | 'sources'> & {
    /** Flattened JWE of the parts (JSON), without parts when only the provider id is known. Null before either. */
    sealed: string | null;
    /** Key that `sealed` needs, to check the ring when the store is opened. */
    kid: string | null;
    /** HMAC of each part by its name (JSON object). Its keys are the names of the parts. */
    part_fingerprints: string;
    compromised: Flag;
    adopted: Flag;
    sole_user: Flag;
    /** JSON object. */
    receipts: string;
    /** JSON object. */
    sources: string;
  };
  /** Start of the interval of each scheduled credential. */
  cadences: Row<Cadence> & { credential: string };
  /** Scheduled rotations that were admitted and may not have opened yet. */
  reservations: { credential: string; at: number };
  /** The newest verification of each credential. `memory` is a JSON object. */
  verifications: Row<Verification, 'memory'> & { memory: string };
  /** Undocumented behavior of engines, as found out by deep checks. `profile` and `trial` are JSON objects. */
  profiles: { credential: string; profile: string | null; trial: string | null; seen: string | null };
  /** Notices, one row per channel. */
  notices: {
    id: string;
    channel: string;
    /** JSON. */
    body: string;
    at: number;
    attempts: number;
    /** Time of the next attempt. */
    next_at: number;
    tried_at: number | null;
    delivered_at: number | null;
    /** Error of the last attempt. Null after a success, and before any attempt. */
    error: string | null;
  };
  intents: Row<Intent, 'label' | 'seen'> & {
    /** 1, 2, 3 … within the version. Only the value of the newest attempt is stored. */
    attempt: number;
    /** JSON list of provider ids. Null where a label identifies the attempt's key. */
    seen: string | null;
  };
  evidence: Row<Evidence, 'providerTime'> & {
    credential: string;
    version: number;
    /** 1, 2, 3 … within the version. Orders findings of the same millisecond. */
    ordinal: number;
    provider_time: number | null;
  };
  /** Declared emergencies, stored before anything is sent, so that none gets lost. `versions`, `targets` and `material` are JSON lists. */
  emergencies: Row<Emergency, 'versions' | 'targets' | 'material'> & {
    versions: string | null;
    targets: string;
    material: string;
  };
  /** People's requests to rotations. Stored before the message is sent. */
  wishes: {
    id: string;
    credential: string;
    /** The workflow that the request is for. */
    workflow_id: string;
    actor: string;
    what: Wished['for'];
    /** JSON. */
    body: string;
    /** Id of the run that follows it. Null until one does. */
    granted_to: string | null;
  };
  /** What people are asked to do. `body` is a JSON object with the fields that never change. */
  tasks: Row<
    Task,
    'validMs' | 'instructions' | 'asks' | 'handsOver' | 'otherwise' | 'urgent' | 'remindMs' | 'escalation'
  > & {
    body: string;
  };
  ledger: {
    seq: number;
    /** A copy from `entry`, for filtering. Checked by `verifyLedger`. */
    credential: string | null;
    /** Canonical JSON of the whole entry, including `seq` and `at`: exactly the text that `mac` covers. */
    entry: string;
    mac: string;
  };
  /** Newest attempts of activities, of the last opened rotation's run and later ones. */
  attempts: {
    credential: string;
    run_id: string;
    activity_id: string;
    /** The highest attempt that has begun. */
    newest: number;
  };
}
