import { z } from 'zod';
import type { VersionRef } from '../domain/version.js';
import { compiled, type StoreContext } from './context.js';
import { notFound } from './failures.js';
import { floorOf } from './names.js';
import type { Tables } from './tables.js';
import type { SealedRow } from './sealing.js';
import { type Version, WriteReceipts } from './records.js';

/** A row of the table of versions, with the account of its credential, which its seal covers. */
export type VersionRow = Tables['versions'] & { readonly account: string };

export type VersionKey = Pick<VersionRef, 'credential' | 'number'>;

const SourcesColumn = z.record(z.string(), z.enum(['db', 'env']).nullable());
const PartFingerprints = z.record(z.string(), z.string());

export function selectVersions({ db }: Pick<StoreContext, 'db'>) {
  return db
    .selectFrom('versions')
    .innerJoin('credentials', 'credentials.name', 'versions.credential')
    .selectAll('versions')
    .select('credentials.account')
    .orderBy('versions.credential')
    .orderBy('versions.number');
}

const selectVersion = compiled((db) =>
  selectVersions({ db }).where('versions.credential', '=', '').where('versions.number', '=', 0),
);

/** @throws NotFound */
export async function versionRow({ db }: StoreContext, { credential, number }: VersionKey): Promise<VersionRow> {
  const [row] = await selectVersion(db, [credential, number]);
  if (!row) throw noVersion({ credential, number });
  return row;
}

export function noVersion({ credential, number }: VersionKey): Error {
  return notFound(`The store has no version ${number} of ${credential}`);
}

export async function currentRow(context: StoreContext, credential: string): Promise<VersionRow | undefined> {
  return selectVersions(context)
    .where('versions.credential', '=', credential)
    .where('versions.state', '=', 'current')
    .executeTakeFirst();
}

/** Highest version number of a credential. 0 when it has none. */
export async function newestNumber({ db }: StoreContext, credential: string): Promise<number> {
  const { newest } = await db
    .selectFrom('versions')
    .select((column) => column.fn.max('number').as('newest'))
    .where('credential', '=', credential)
    .executeTakeFirstOrThrow();
  return newest ?? 0;
}

/** The next version number of a credential: above every earlier one under its name. */
export async function nextNumber(context: StoreContext, credential: string): Promise<number> {
  return Math.max(await newestNumber(context, credential), (await floorOf(context, credential)).version) + 1;
}

export function update({ db }: StoreContext, { credential, number }: VersionKey) {
  return db.updateTable('versions').where('credential', '=', credential).where('number', '=', number);
}

/** A row's seal and the fields that it covers. */
export function sealedRow({ credential, number, account, provider_id, sealed }: VersionRow) {
  return { credential, number, account, providerId: provider_id, sealed } satisfies SealedRow & { sealed: unknown };
}

export function receiptsOf(row: VersionRow): WriteReceipts {
  return WriteReceipts.parse(JSON.parse(row.receipts));
}

export function partFingerprintsOf(row: Pick<VersionRow, 'part_fingerprints'>): Readonly<Record<string, string>> {
  return PartFingerprints.parse(JSON.parse(row.part_fingerprints));
}

export function toVersion(row: VersionRow): Version {
  const { credential, number, state, fence, fingerprint, provider, engine } = row;
  return {
    ...{ credential, number, madeAs: row.made_as, state, fence, providerId: row.provider_id },
    parts: Object.keys(partFingerprintsOf(row)),
    ...{ fingerprint, provider, engine },
    compromised: row.compromised === 1,
    adopted: row.adopted === 1,
    soleUser: row.sole_user === 1,
    receipts: receiptsOf(row),
    sources: SourcesColumn.parse(JSON.parse(row.sources)),
    ...{ createdAt: row.created_at, promotedAt: row.promoted_at, retiredAt: row.retired_at, endProof: row.end_proof },
  };
}

/** The row of a new version without a value. */
export function freshRow({ credential, number, fence }: VersionRef, at: number): Tables['versions'] {
  return {
    ...{ credential, number, made_as: credential, state: 'intended', fence, provider_id: null },
    ...{ sealed: null, kid: null, fingerprint: null, part_fingerprints: '{}' },
    ...{
      provider: 'unknown',
      engine: 'never',
      compromised: 0,
      adopted: 0,
      sole_user: 0,
      receipts: '{}',
      sources: '{}',
    },
    ...{ created_at: at, promoted_at: null, retired_at: null, end_proof: null },
  };
}
