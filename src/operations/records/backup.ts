import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { environment } from '../../config/load.js';
import type { Config } from '../../config/schema.js';
import { UserError } from '../../domain/user-error.js';
import { type Contents, contentsOf, copyDatabase } from '../../store/backup.js';
import { type KeyRing, loadKeyRing } from '../../store/key-ring.js';
import { openStore } from '../../store/open-store.js';
import type { Session } from '../session/session.js';

/** The files of a backup, inside its folder. */
export const backupFiles = { database: 'keyturn.db', manifest: 'manifest.json' } as const;

/** The description of a backup. It holds no secrets, so anybody may see it. */
export const Manifest = z.strictObject({
  keyturn: z.literal('backup'),
  installation: z.uuid(),
  schemaVersion: z.int(),
  /** Sealing keys that its values need: the key ring has to have them. */
  kids: z.array(z.string()),
  ledger: z.strictObject({ entries: z.int(), head: z.string() }),
  /** SHA-256 (hex) of the database. */
  sha256: z.string(),
  madeAt: z.iso.datetime(),
});
export type Manifest = z.infer<typeof Manifest>;

export interface BackupOptions {
  readonly folder: string;
  /** Where a copy of the key ring goes; never into the folder. */
  readonly withRing?: string;
  readonly actor: string;
}

/**
 * Copies the store as of one moment, even while it is in use, and checks the copy by verifying its ledger.
 * @throws UserError when the folder is not empty, or the copy is wrong
 */
export async function backUp(session: Session, { folder, withRing, actor }: BackupOptions): Promise<Manifest> {
  const target = resolve(folder);
  const ring = withRing === undefined ? null : ringCopy(session.config, target, resolve(withRing));
  await prepare(target);
  await session.store.record({ event: 'backed-up', actor });
  const database = join(target, backupFiles.database);
  copyDatabase(session.config.store.file, database);
  const manifest = await describe(database);
  await checkCopy(session, database, manifest);
  await writeFile(join(target, backupFiles.manifest), `${JSON.stringify(manifest, null, 2)}\n`, {
    flag: 'wx',
    mode: 0o600,
  });
  if (ring) await copyRing(ring);
  return manifest;
}

/** The key ring that the configuration names. */
export function ringOf({ keyRing }: Config): Promise<KeyRing> {
  return loadKeyRing('file' in keyRing ? keyRing : { text: environment(keyRing.env) ?? '' });
}

/**
 * Opens a copy as a store, with the whole key ring, and verifies its ledger. Opening changes the file.
 * @throws UserError when ring and copy do not belong together, or the ledger is not the one described
 */
export async function verifyCopy(file: string, ring: KeyRing, ledger: Contents['ledger']): Promise<void> {
  const store = await openStore({ url: `sqlite:${file}`, ring });
  try {
    const { entries, head, brokenAt } = await store.verifyLedger();
    if (brokenAt === null && entries === ledger.entries && head === ledger.head) return;
    throw new UserError(
      brokenAt === null
        ? 'The ledger of the copy is not the one that its manifest describes.'
        : `The ledger of the copy is broken at entry ${brokenAt}.`,
      {
        state: 'The copy must not be used. The store was not changed.',
        next: 'Use another backup, or make a new one.',
      },
    );
  } finally {
    await store.destroy();
  }
}

/** SHA-256 of a file, hex. */
export async function sha256Of(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

async function prepare(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length > 0)
    throw refused(`${folder} is not empty`, 'Choose a new folder: a backup never replaces another one.');
}

async function describe(database: string): Promise<Manifest> {
  const { installation, schemaVersion, kids, ledger } = contentsOf(database);
  const madeAt = new Date().toISOString();
  const sha256 = await sha256Of(database);
  return { keyturn: 'backup', installation, schemaVersion, kids: [...kids], ledger, sha256, madeAt };
}

/** Opening changes a file, so a copy of the copy is opened. */
async function checkCopy({ config }: Session, database: string, { ledger }: Manifest): Promise<void> {
  const scratch = `${database}.check`;
  await copyFile(database, scratch, constants.COPYFILE_EXCL);
  try {
    await verifyCopy(scratch, await ringOf(config), ledger);
  } finally {
    await rm(scratch, { force: true });
  }
}

interface RingCopy {
  readonly from: string;
  readonly to: string;
}

/** With both, every value can be read, so they are never kept together. */
function ringCopy({ keyRing }: Config, folder: string, to: string): RingCopy {
  if (!relative(folder, to).startsWith('..'))
    throw refused('The key ring must not lie in the backup of the store', 'Choose a place for it that is kept apart.');
  if ('file' in keyRing) return { from: keyRing.file, to };
  throw refused(
    `The key ring is kept in the environment variable ${keyRing.env}, not in a file`,
    'Back it up where that variable is set, and leave --with-ring out.',
  );
}

async function copyRing({ from, to }: RingCopy): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_EXCL).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`The key ring could not be copied to ${to} (${error.code ?? error.name})`, {
      state: 'The backup of the store is complete; the copy of the key ring is missing.',
      next: 'Copy the key ring file yourself, to a place that is kept apart from the backup.',
    });
  });
  await chmod(to, 0o600);
}

function refused(what: string, next: string): UserError {
  return new UserError(what, { state: 'Nothing was written.', next });
}
