import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { catalog } from '../../../workflows/catalog.js';
import { loadConfig } from '../../config/load.js';
import { UserError } from '../../domain/user-error.js';
import { closeDown, type Contents, contentsOf, entryOf, markRestored } from '../../store/backup.js';
import type { KeyRing } from '../../store/key-ring.js';
import { schemaVersion } from '../../store/schema.js';
import { backupFiles, Manifest, ringOf, sha256Of, verifyCopy } from './backup.js';

export interface RestoreOptions {
  /** The configuration file: it names the store and the key ring. */
  readonly file: string;
  readonly folder: string;
  /** Overwrite a store that is newer than the backup, or that cannot be compared with it. */
  readonly replace: boolean;
  /** Asks before a store is replaced that needs `replace`. */
  readonly confirm: (replaced: Replaced) => Promise<boolean>;
  readonly actor: string;
}

/** The database that a restore puts aside. */
export interface Replaced {
  readonly file: string;
  /** Ledger entries that the backup does not have; null when it cannot be read. */
  readonly lost: number | null;
}

export interface Restored {
  readonly manifest: Manifest;
  /** Where the replaced database lies now; null when there was none. */
  readonly kept: string | null;
}

/**
 * Replaces the store with a backup. Nothing is rotated, deleted or overwritten afterwards until each credential was reconciled.
 * @throws UserError when the ring, the backup or the present store does not allow it; nothing is changed then
 */
export async function restore({ file, folder, replace, confirm, actor }: RestoreOptions): Promise<Restored> {
  const config = loadConfig(file, catalog);
  const ring = await ringOf(config);
  const manifest = await manifestOf(resolve(folder), ring);
  const target = config.store.file;
  const fresh = `${target}.restoring`;
  await rm(fresh, { force: true });
  await copyPrivately(join(resolve(folder), backupFiles.database), fresh);
  try {
    await verifyCopy(fresh, ring, manifest.ledger);
    const old = existsSync(target) ? await allow({ target, fresh, replace, confirm, ...manifest }) : null;
    await markRestored(fresh, { ring, actor, fence: old?.fence ?? 0, now: Date.now() });
    return { manifest, kept: await putInPlace(fresh, target) };
  } finally {
    await rm(fresh, { force: true });
  }
}

/** Whatever mode the backup file has, only the owner can read the store, from the first byte on. */
async function copyPrivately(from: string, to: string): Promise<void> {
  await pipeline(createReadStream(from), createWriteStream(to, { flags: 'wx', mode: 0o600 }));
}

async function manifestOf(folder: string, ring: KeyRing): Promise<Manifest> {
  const manifest = await readManifest(folder);
  const { installation, schemaVersion: schema, kids, sha256 } = manifest;
  if (installation !== ring.installation)
    throw refused(
      `The backup is of installation ${installation}, the key ring of ${ring.installation}`,
      'Put the key ring of that installation where the configuration says, or use another backup.',
    );
  if (schema !== schemaVersion)
    throw refused(
      `The backup has schema ${schema}; this Keyturn reads ${schemaVersion}`,
      'Use the Keyturn that made it.',
    );
  const missing = kids.filter((kid) => !ring.sealing.has(kid));
  if (missing.length > 0)
    throw refused(
      `The key ring lacks keys that the backup needs: ${missing.join(', ')}`,
      'Restore the newest key ring of this installation first.',
    );
  if ((await sha256Of(join(folder, backupFiles.database))) !== sha256)
    throw refused('The database of the backup is not the one its manifest describes', 'Use another backup.');
  return manifest;
}

async function readManifest(folder: string): Promise<Manifest> {
  try {
    return Manifest.parse(JSON.parse(await readFile(join(folder, backupFiles.manifest), 'utf8')));
  } catch {
    throw refused(
      `${folder} is not a backup that Keyturn made, or it is damaged`,
      'Name the folder of `keyturn backup`.',
    );
  }
}

interface InPlace extends Pick<Manifest, 'installation' | 'ledger'> {
  readonly target: string;
  readonly fresh: string;
  readonly replace: boolean;
  readonly confirm: RestoreOptions['confirm'];
}

/** The contents of the present store; null when it cannot be read. Throws unless it may be replaced. */
async function allow({ replace, confirm, ...places }: InPlace): Promise<Contents | null> {
  const { target } = places;
  if (!closeDown(target))
    throw refused(
      `The store ${target} is in use`,
      'Stop everything that uses it, such as keyturn up and keyturn worker.',
    );
  const old = read(target);
  const lost = old && entriesLost(old, places);
  if (lost === 0) return old;
  if (!replace) throw newer(target, lost);
  if (await confirm({ file: target, lost })) return old;
  throw refused('The store was not replaced, because it was not confirmed', 'Run it again, and type what it asks for.');
}

function read(target: string): Contents | null {
  try {
    return contentsOf(target);
  } catch {
    return null;
  }
}

/** Null when one ledger is not the beginning of the other, so that neither is known to be newer. */
function entriesLost(
  old: Contents,
  { target, fresh, installation, ledger }: Omit<InPlace, 'replace' | 'confirm'>,
): number | null {
  if (old.installation !== installation) return null;
  if (old.ledger.entries < ledger.entries) return entryOf(fresh, old.ledger.entries) === old.ledger.head ? 0 : null;
  return entryOf(target, ledger.entries) === ledger.head ? old.ledger.entries - ledger.entries : null;
}

/** A rename replaces a file as a whole. The earlier database stays beside it, with its -wal and -shm files, which fit no other. */
async function putInPlace(fresh: string, target: string): Promise<string | null> {
  closeDown(fresh);
  const kept = `${target}.replaced-${new Date().toISOString().replaceAll(':', '')}`;
  const there = ['', '-wal', '-shm'].filter((suffix) => existsSync(target + suffix));
  for (const suffix of there) await rename(target + suffix, kept + suffix);
  await rename(fresh, target);
  return there.length > 0 ? kept : null;
}

function newer(target: string, lost: number | null): UserError {
  return refused(
    lost === null
      ? `The store ${target} cannot be compared with the backup`
      : `The store ${target} is newer than the backup: it has ${lost} more ledger entries`,
    'Think twice: only this store knows the values that were made since. To restore all the same, add --replace.',
  );
}

function refused(what: string, next: string): UserError {
  return new UserError(what, { state: 'Nothing was changed.', next });
}
