import { type Kysely, sql } from 'kysely';
import type { Tables } from './tables.js';

/** Written into a new database. Another number means that another version of Keyturn created it. */
export const schemaVersion = 12;

// Standard SQL for both SQLite and PostgreSQL. The two partial indexes are the last line of defense
// for "one current version" and "one open rotation" per credential.
const statements = [
  sql`create table installation (
    id text primary key, schema_version integer not null,
    ledger_seq bigint not null, ledger_mac text not null, states text not null, ledger_seal text not null,
    restored_at bigint, fence_floor bigint not null
  )`,
  sql`create table reconciliations (credential text primary key, at bigint not null)`,
  sql`create table credentials (name text primary key, procedure text not null, account text not null)`,
  sql`create table claims (resource text primary key, credential text not null references credentials (name))`,
  sql`create table former_names (
    name text primary key, credential text, version integer not null, fence bigint not null, at bigint not null
  )`,
  sql`create table versions (
    credential text not null references credentials (name), number integer not null,
    made_as text not null, state text not null, fence bigint not null, provider_id text,
    sealed text, kid text, fingerprint text, part_fingerprints text not null,
    provider text not null, engine text not null,
    compromised integer not null, adopted integer not null, sole_user integer not null, receipts text not null,
    sources text not null, created_at bigint not null, promoted_at bigint, retired_at bigint, end_proof text,
    primary key (credential, number)
  )`,
  sql`create unique index one_current_version on versions (credential) where state = 'current'`,
  sql`create table rotations (
    credential text not null, fence bigint not null, workflow_id text not null, run_id text not null,
    version integer not null, actor text not null, "trigger" text not null, reason text not null,
    seized integer not null, resets_cadence integer not null, grace_ms bigint, opened_at bigint not null, closed_at bigint, outcome text, why text,
    primary key (credential, fence), foreign key (credential, version) references versions (credential, number)
  )`,
  sql`create unique index one_open_rotation on rotations (credential) where closed_at is null`,
  sql`create table intents (
    nonce text primary key, credential text not null, version integer not null, attempt integer not null,
    outcome text not null, provider_id text, seen text, at bigint not null,
    unique (credential, version, attempt), foreign key (credential, version) references versions (credential, number)
  )`,
  sql`create table evidence (
    credential text not null, version integer not null, ordinal integer not null,
    kind text not null, outcome text not null, detail text not null, provider_time bigint, at bigint not null,
    primary key (credential, version, ordinal),
    foreign key (credential, version) references versions (credential, number)
  )`,
  sql`create table emergencies (
    id text primary key, credential text not null, actor text not null, reason text not null, versions text,
    asked_at bigint not null, fence bigint, workflow_id text, claimed_at bigint,
    targets text not null, contained_at bigint, material text not null
  )`,
  sql`create index emergencies_by_credential on emergencies (credential, asked_at)`,
  sql`create table wishes (
    id text primary key, credential text not null, workflow_id text not null, actor text not null,
    what text not null, body text not null, granted_to text
  )`,
  sql`create table tasks (
    id text primary key, credential text not null, version integer not null, fence bigint not null,
    title text not null, body text not null, owner text, assignee text, opened_at bigint not null, due_at bigint not null,
    gives_up_at bigint, state text not null, "by" text, words text, ended_at bigint, handed_at bigint, noticed_at bigint,
    foreign key (credential, version) references versions (credential, number)
  )`,
  sql`create index tasks_by_credential on tasks (credential, opened_at)`,
  sql`create table cadences (credential text primary key, anchor bigint not null, basis text not null, why text not null)`,
  sql`create table reservations (credential text primary key, at bigint not null)`,
  sql`create table notices (
    id text not null, channel text not null, body text not null, at bigint not null, attempts integer not null,
    next_at bigint not null, tried_at bigint, delivered_at bigint, error text, primary key (id, channel)
  )`,
  sql`create table verifications (
    credential text primary key, version integer not null, state text not null, drift text, why text not null,
    since bigint not null, looked_at bigint not null, verified_at bigint, heal_tried_at bigint,
    healed_at bigint, healed_by text, trouble text, memory text not null
  )`,
  sql`create table profiles (credential text primary key, profile text, trial text, seen text)`,
  sql`create table ledger (seq bigint primary key, credential text, entry text not null, mac text not null)`,
  sql`create index ledger_by_credential on ledger (credential, seq)`,
  sql`create table attempts (
    credential text not null, run_id text not null, activity_id text not null, newest integer not null,
    primary key (credential, run_id, activity_id)
  )`,
];

/** Creates every table. Run it inside a transaction. */
export async function createTables(db: Kysely<Tables>): Promise<void> {
  for (const statement of statements) await statement.execute(db);
}
