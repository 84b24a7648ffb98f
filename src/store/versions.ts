import { type StoreContext } from './context.js';
import { notFound } from './failures.js';
import { partFingerprintsOf, sealedRow, selectVersions, toVersion, type VersionKey, versionRow } from './rows.js';
import { fingerprintOfPart, type Parts, unseal } from './sealing.js';
import type { Version } from './records.js';
import type { Store } from './store.js';

/** Reads versions and their values. */
export function versionQueries(context: StoreContext): Pick<Store, 'versions' | 'read' | 'unseal' | 'identify'> {
  const authentic = new Set<string>(); // rows whose seal was opened: ciphertext and metadata, no values
  return {
    versions: (credential) => list(context, credential),
    read: (ref) => read(context, authentic, ref),
    unseal: (ref) => unsealParts(context, ref),
    identify: (value) => identify(context, value),
  };
}

async function list(context: StoreContext, credential: string | undefined): Promise<Version[]> {
  const query = selectVersions(context);
  const rows = await (credential === undefined ? query : query.where('versions.credential', '=', credential)).execute();
  return rows.map(toVersion);
}

/** Opens the seal as well, because deletions depend on this result: a row that was tampered with must not cause one. */
async function read(context: StoreContext, authentic: Set<string>, ref: VersionKey): Promise<Version> {
  const row = await versionRow(context, ref);
  const seal = JSON.stringify(sealedRow(row)); // a row that was changed since has another one
  if (!authentic.has(seal)) await unseal(context.ring, sealedRow(row));
  authentic.add(seal);
  return toVersion(row);
}

async function unsealParts(context: StoreContext, ref: VersionKey): Promise<Parts> {
  const parts = await unseal(context.ring, sealedRow(await versionRow(context, ref)));
  if (Object.keys(parts).length === 0) throw notFound(`Version ${ref.number} of ${ref.credential} has no value`);
  return parts;
}

async function identify(context: StoreContext, value: string): Promise<Version[]> {
  const rows = await selectVersions(context).where('versions.fingerprint', 'is not', null).execute();
  return rows
    .filter((row) =>
      Object.entries(partFingerprintsOf(row)).some(
        ([part, fingerprint]) => fingerprint === fingerprintOfPart(context.ring, part, value),
      ),
    )
    .map(toVersion);
}
