import { type StoreContext } from './context.js';
import { notFound } from './failures.js';
import { partFingerprintsOf, sealedRow, selectVersions, toVersion, type VersionKey, versionRow } from './rows.js';
import { fingerprintOfPart, type Parts, unseal } from './sealing.js';
import type { Version } from './records.js';
import type { Store } from './store.js';

/** Reading versions and their values. */
export function versionQueries(context: StoreContext): Pick<Store, 'versions' | 'read' | 'unseal' | 'identify'> {
  const vouched = new Set<string>(); // rows whose seal was opened: ciphertext and metadata, no values
  return {
    versions: (credential) => list(context, credential),
    read: (ref) => read(context, vouched, ref),
    unseal: (ref) => open(context, ref),
    identify: (value) => identify(context, value),
  };
}

async function list(context: StoreContext, credential: string | undefined): Promise<Version[]> {
  const query = selectVersions(context);
  const rows = await (credential === undefined ? query : query.where('versions.credential', '=', credential)).execute();
  return rows.map(toVersion);
}

/** Opens the seal too, because deletions go by what this says: a row that was tampered with is no ground for one. */
async function read(context: StoreContext, vouched: Set<string>, ref: VersionKey): Promise<Version> {
  const row = await versionRow(context, ref);
  const seal = JSON.stringify(sealedRow(row)); // a row that was changed since has another one
  if (!vouched.has(seal)) await unseal(context.ring, sealedRow(row));
  vouched.add(seal);
  return toVersion(row);
}

async function open(context: StoreContext, ref: VersionKey): Promise<Parts> {
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
