import type { CheckOutcome, EvidenceKind } from '../domain/evidence.js';
import type { RotationOutcome, Trigger, Wished } from '../domain/rotation.js';
import type { Drift, InForce } from '../domain/verification.js';
import type { EngineView, ProviderView, EndProof, VersionState } from '../domain/version.js';
import type { Intent } from './records.js';

/** 0 or 1: a boolean in both SQLite and PostgreSQL. */
export type Flag = number;

/** One row: the installation, the end of its ledger, and the last restore from a backup. */
export interface InstallationTable {
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
}

/** Credentials that were reconciled since the last restore. */
export interface ReconciliationsTable {
  credential: string;
  at: number;
}

export interface CredentialsTable {
  name: string;
  procedure: string;
  account: string;
}

/** Former names of credentials, and names of forgotten ones. */
export interface FormerNamesTable {
  name: string;
  /** The credential that had it, which no other one may take. Null where it is free again. */
  credential: string | null;
  /** Versions of this name up to this number, and fences up to `fence`, belong to forgotten credentials. */
  version: number;
  fence: number;
  at: number;
}

export interface ClaimsTable {
  resource: string;
  credential: string;
}

/** Newest attempts of activities, of the last opened rotation's run and later ones. */
export interface AttemptsTable {
  credential: string;
  run_id: string;
  activity_id: string;
  /** The highest attempt that has begun. */
  newest: number;
}

export interface RotationsTable {
  credential: string;
  fence: number;
  workflow_id: string;
  run_id: string;
  version: number;
  actor: string;
  trigger: Trigger;
  reason: string;
  /** It is an emergency's, which took the credential over. */
  seized: Flag;
  /** The schedule's interval is counted from it. */
  resets_cadence: Flag;
  /** The requested grace. Null for the configured one. */
  grace_ms: number | null;
  opened_at: number;
  closed_at: number | null;
  /** Null while it is open, and for repairs. */
  outcome: RotationOutcome | null;
  why: string | null;
}

export interface VersionsTable {
  credential: string;
  number: number;
  /** The credential's name when the version was made, which its labels outside carry. */
  made_as: string;
  state: VersionState;
  fence: number;
  provider_id: string | null;
  /** Flattened JWE of the parts (JSON), without parts when only the provider id is known. Null before either. */
  sealed: string | null;
  /** Key that `sealed` needs, to check the ring when the store is opened. */
  kid: string | null;
  /** HMAC over all parts. Null without a value. */
  fingerprint: string | null;
  /** HMAC of each part by its name (JSON object). Its keys are the names of the parts. */
  part_fingerprints: string;
  provider: ProviderView;
  engine: EngineView;
  compromised: Flag;
  adopted: Flag;
  sole_user: Flag;
  /** JSON object. */
  receipts: string;
  /** JSON object. */
  sources: string;
  created_at: number;
  promoted_at: number | null;
  retired_at: number | null;
  end_proof: EndProof | null;
}

export interface IntentsTable {
  nonce: string;
  credential: string;
  version: number;
  /** 1, 2, 3 … within the version. Only the value of the newest attempt is stored. */
  attempt: number;
  outcome: Intent['outcome'];
  provider_id: string | null;
  /** JSON list of provider ids. Null where a label identifies the attempt's key. */
  seen: string | null;
  at: number;
}

export interface EvidenceTable {
  credential: string;
  version: number;
  /** 1, 2, 3 … within the version. Orders findings of the same millisecond. */
  ordinal: number;
  kind: EvidenceKind;
  outcome: CheckOutcome;
  detail: string;
  provider_time: number | null;
  at: number;
}

/** Declared emergencies. Stored before anything is sent, so that none gets lost. */
export interface EmergenciesTable {
  id: string;
  credential: string;
  actor: string;
  reason: string;
  /** JSON list of version numbers. Null for every live one. */
  versions: string | null;
  asked_at: number;
  /** Fence of the rotation that handles it. Null until one has claimed it. */
  fence: number | null;
  workflow_id: string | null;
  claimed_at: number | null;
  /** JSON list of the version numbers to contain. */
  targets: string;
  contained_at: number | null;
  /** JSON list of audit material for a person. */
  material: string;
}

export interface LedgerTable {
  seq: number;
  /** A copy from `entry`, for filtering. Checked by `verifyLedger`. */
  credential: string | null;
  /** Canonical JSON of the whole entry, including `seq` and `at`: exactly the text that `mac` covers. */
  entry: string;
  mac: string;
}

/** People's requests to rotations. Stored before the message is sent. */
export interface WishesTable {
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
}

/** Start of the interval of each scheduled credential. */
export interface CadencesTable {
  credential: string;
  anchor: number;
  basis: string;
  why: string;
}

/** Scheduled rotations that were admitted and may not have opened yet. */
export interface ReservationsTable {
  credential: string;
  at: number;
}

/** The newest verification of each credential. */
export interface VerificationsTable {
  credential: string;
  version: number;
  state: InForce;
  drift: Drift | null;
  why: string;
  since: number;
  looked_at: number;
  verified_at: number | null;
  heal_tried_at: number | null;
  healed_at: number | null;
  healed_by: 'keyturn' | 'somebody' | null;
  trouble: string | null;
  /** JSON object. */
  memory: string;
}

/** Undocumented behavior of engines, as found out by deep checks. */
export interface ProfilesTable {
  credential: string;
  /** JSON objects. */
  profile: string | null;
  trial: string | null;
  seen: string | null;
}

/** Notices, one row per channel. */
export interface NoticesTable {
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
}

export interface Tables {
  installation: InstallationTable;
  reconciliations: ReconciliationsTable;
  credentials: CredentialsTable;
  former_names: FormerNamesTable;
  claims: ClaimsTable;
  rotations: RotationsTable;
  versions: VersionsTable;
  cadences: CadencesTable;
  reservations: ReservationsTable;
  verifications: VerificationsTable;
  profiles: ProfilesTable;
  notices: NoticesTable;
  intents: IntentsTable;
  evidence: EvidenceTable;
  emergencies: EmergenciesTable;
  wishes: WishesTable;
  ledger: LedgerTable;
  attempts: AttemptsTable;
}
