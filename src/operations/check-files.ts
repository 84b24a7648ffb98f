import { lstatSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { realPlace } from '../../activities/delivery/fixed.js';
import { whoMayWrite, writersOf } from '../../activities/delivery/writers.js';
import type { AccessCheck } from '../../activities/shared/access.js';
import type { Config } from '../config/schema.js';
import { recordFileOf, whyNotOurs } from './emergency-record.js';

/** A file whose protection keeps secrets secret, or other people's commands from being run. */
interface Guarded {
  readonly what: string;
  readonly path: string;
  /** Others may not read it either. */
  readonly secret: boolean;
}

/** Who else may write, or read, the files that Keyturn goes by. Reads none of them. What is not there is told by whoever needs it. */
export async function checkFiles(file: string, config: Config): Promise<AccessCheck[]> {
  const guarded = guardedBy(file, config);
  const found = (await Promise.all(guarded.map(protectionOf))).flat();
  const record = recordFileOf(file);
  const notOurs = whyNotOurs(lstatSync(record, { throwIfNoEntry: false }));
  if (notOurs !== null)
    found.push({
      what: record,
      ok: false,
      detail: `${notOurs}, so nothing of it is taken in: find out who put it there`,
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

/** Of references such as `{ file: path }`; what is delivered is written, and looked at elsewhere. */
function secretFiles(section: unknown): Set<string> {
  if (typeof section !== 'object' || section === null) return new Set();
  if ('file' in section && typeof section.file === 'string' && Object.keys(section).length === 1)
    return new Set([section.file]);
  const inside = Object.entries(section).filter(([key]) => key !== 'deliver');
  return new Set(inside.flatMap(([, value]) => [...secretFiles(value)]));
}

/** Whoever may write the configuration says which commands are run. */
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
  return [{ what: name, ok: true, warning: true, detail: `${reader} may read it: chmod 600, unless that is meant` }];
}

/** A file can be replaced by whoever may write its folder. */
async function writerOfFolder(path: string): Promise<string | null> {
  const open = await whoMayWrite(dirname((await realPlace(path)).path));
  return open && `${open.who}, who may write ${open.folder},`;
}

function readersOf({ mode, gid }: Stats): string | null {
  if ((mode & 0o004) !== 0) return 'everybody on this machine';
  return (mode & 0o040) !== 0 && gid !== process.getgid?.() ? `group ${gid}` : null;
}
