import { lstatSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { realPlace, whoMayWrite, writersOf } from '../../../activities/delivery/fixed.js';
import type { AccessCheck } from '../../../activities/shared/access.js';
import type { Config } from '../../config/schema.js';
import { recordFileOf, whyNotOurs } from '../session/emergency-record.js';

/** A file that has to be protected: it holds secrets, or decides which commands are run. */
interface Guarded {
  readonly what: string;
  readonly path: string;
  /** Other users must not read it either. */
  readonly secret: boolean;
}

/** Checks who else may write or read the files that Keyturn relies on. Reads none of them. Other checks report a missing file. */
export async function checkFiles(file: string, config: Config): Promise<AccessCheck[]> {
  const guarded = guardedBy(file, config);
  const found = (await Promise.all(guarded.map(protectionOf))).flat();
  const record = recordFileOf(file);
  const notOurs = whyNotOurs(lstatSync(record, { throwIfNoEntry: false }));
  if (notOurs !== null)
    found.push({
      what: record,
      ok: false,
      detail: `${notOurs}, so Keyturn ignores it: find out who put it there`,
    });
  const seen = `${guarded.length} files can be changed by Keyturn's user and root alone`;
  return found.length > 0 ? found : [{ what: 'protection', ok: true, detail: seen }];
}

function guardedBy(file: string, { store, keyRing, ...config }: Config): Guarded[] {
  const secrets = secretFiles([config.engines, config.credentials, config.notifications]);
  return [
    { what: 'configuration', path: file, secret: false },
    ...('file' in keyRing ? [{ what: 'key ring', path: keyRing.file, secret: true }] : []),
    ...['', '-wal', '-shm'].map((end) => ({ what: 'store', path: store.file + end, secret: true })),
    ...[...secrets].map((path) => ({ what: 'secret file', path, secret: true })),
  ];
}

/** Paths of references such as `{ file: path }`. Deliveries are left out: Keyturn writes them, and another check covers them. */
function secretFiles(section: unknown): Set<string> {
  if (typeof section !== 'object' || section === null) return new Set();
  if ('file' in section && typeof section.file === 'string' && Object.keys(section).length === 1)
    return new Set([section.file]);
  const inside = Object.entries(section).filter(([key]) => key !== 'deliver');
  return new Set(inside.flatMap(([, value]) => [...secretFiles(value)]));
}

/** A user who may write the configuration decides which commands are run. */
async function protectionOf({ what, path, secret }: Guarded): Promise<AccessCheck[]> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return [];
  const name = `${what} ${path}`;
  const writer = writersOf(found) ?? (await writerOfFolder(path));
  if (writer !== null)
    return [
      {
        what: name,
        ok: false,
        detail: `${writer} may change it: chmod go-w, or chown, so that only Keyturn's user and root may`,
      },
    ];
  const reader = secret ? readersOf(found) : null;
  if (reader === null) return [];
  return [{ what: name, ok: true, warning: true, detail: `${reader} may read it: chmod 600, unless that is intended` }];
}

/** A user who may write the folder of a file can replace the file. */
async function writerOfFolder(path: string): Promise<string | null> {
  const found = await whoMayWrite(dirname((await realPlace(path)).path));
  return found && `${found.who}, who may write ${found.folder},`;
}

function readersOf({ mode, gid }: Stats): string | null {
  if ((mode & 0o004) !== 0) return 'everybody on this machine';
  return (mode & 0o040) !== 0 && gid !== process.getgid?.() ? `group ${gid}` : null;
}
