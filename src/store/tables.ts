import type { CheckOutcome, EvidenceKind } from '../domain/evidence.js';
import type { RotationOutcome, Trigger, Wished } from '../domain/rotation.js';
import type { Drift, InForce } from '../domain/verification.js';
import type { EngineView, ProviderView, EndProof, VersionState } from '../domain/version.js';
import type { Intent } from './records.js';

/** 0 or 1: the one spelling of a boolean that both databases share. */
export type Flag = number;

/** One row: whose database this is, where its ledger ends, and whether it came from a backup. */
export interface InstallationTable {
  id: string;
  schema_version: number;
  ledger_seq: number;
  /** `mac` of the last ledger entry; empty before the first. */
  ledger_mac: string;
  /** Digest of the states of all versions. */
  states: string;
  /** HMAC over the three above, so that cutting the ledger's tail off or changing a state, and correcting them, shows. */
  ledger_seal: string;
  /** Unix ms of the last restore from a backup; null when there was none. */
  restored_at: number | null;
  /** Every new fence is higher: what the database before a restore had given out still loses. */
  fence_floor: number;
}

/** Credentials that were compared with the outside since the last restore. */
export interface ReconciliationsTable {
  credential: string;
  at: number;
}

export interface CredentialsTable {
  name: string;
  procedure: string;
  account: string;
}

/** Names that credentials had, and those of forgotten ones. */
export interface FormerNamesTable {
  name: string;
  /** Whose name it was: nobody else may have it. Null where it is anybody's again. */
  credential: string | null;
  /** Versions of this name up to here, and fences, belong to credentials that are forgotten. */
  version: number;
  fence: number;
  at: number;
}

export interface ClaimsTable {
  resource: string;
  credential: string;
}

/** Of the run whose rotation was opened last, and of those since. */
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
  /** An emergency's: it took the credential over from whatever was in progress. */
  seized: Flag;
  /** The schedule counts from it. */
  resets_cadence: Flag;
  /** The grace that whoever asked for it wants; null for the configuration's. */
  grace_ms: number | null;
  opened_at: number;
  closed_at: number | null;
  /** Null while it is open, and of repairs, which have none. */
  outcome: RotationOutcome | null;
  why: string | null;
}

export interface VersionsTable {
  credential: string;
  number: number;
  /** The credential's name when it was made: what was made for it outside carries that one. */
  made_as: string;
  state: VersionState;
  fence: number;
  provider_id: string | null;
  /** Flattened JWE of the parts (JSON), of none when only the provider id is known; null before either. */
  sealed: string | null;
  /** Key that `sealed` needs, to check the ring when the store is opened. */
  kid: string | null;
  /** HMAC over all parts; null without a value. */
  fingerprint: string | null;
  /** HMAC of each part by its name (JSON object), which also says what parts there are. */
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
  /** 1, 2, 3 … within the version: only the newest may keep. */
  attempt: number;
  outcome: Intent['outcome'];
  provider_id: string | null;
  /** JSON list of provider ids; null where a label tells what an attempt made. */
  seen: string | null;
  at: number;
}

export interface EvidenceTable {
  credential: string;
  version: number;
  /** 1, 2, 3 … within the version: the order when two share a millisecond. */
  ordinal: number;
  kind: EvidenceKind;
  outcome: CheckOutcome;
  detail: string;
  provider_time: number | null;
  at: number;
}

/** Emergencies that were asked for: here before anything is sent, so that none gets lost. */
export interface EmergenciesTable {
  id: string;
  credential: string;
  actor: string;
  reason: string;
  /** JSON list of version numbers; null for every live one. */
  versions: string | null;
  asked_at: number;
  /** Of the rotation that does it; null until one has claimed it. */
  fence: number | null;
  workflow_id: string | null;
  claimed_at: number | null;
  /** JSON list of the version numbers that are contained. */
  targets: string;
  contained_at: number | null;
  /** JSON list of what a person has to look at. */
  material: string;
}

export interface LedgerTable {
  seq: number;
  /** Repeats what `entry` says, for filtering; checked by `verifyLedger`. */
  credential: string | null;
  /** Canonical JSON of the whole entry, `seq` and `at` included: exactly the text that `mac` covers. */
  entry: string;
  mac: string;
}

/** What people ask of rotations: here before a message says so. */
export interface WishesTable {
  id: string;
  credential: string;
  /** Of the workflow that it is meant for. */
  workflow_id: string;
  actor: string;
  what: Wished['for'];
  /** JSON. */
  body: string;
  /** Id of the run that goes by it; null until one does. */
  granted_to: string | null;
}

/** From when the interval of a scheduled credential is counted. */
export interface CadencesTable {
  credential: string;
  anchor: number;
  basis: string;
  why: string;
}

/** Scheduled rotations that were let through and have not opened yet. */
export interface ReservationsTable {
  credential: string;
  at: number;
}

/** Whether what was proved is still in force, as it was last seen. */
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

/** How an engine does what its vendor leaves open. */
export interface ProfilesTable {
  credential: string;
  /** JSON objects. */
  profile: string | null;
  trial: string | null;
  seen: string | null;
}

/** Who is told what, once per channel. */
export interface NoticesTable {
  id: string;
  channel: string;
  /** JSON. */
  body: string;
  at: number;
  attempts: number;
  /** Not to be tried before. */
  next_at: number;
  tried_at: number | null;
  delivered_at: number | null;
  /** How the last attempt failed; null after a success, and before any. */
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
