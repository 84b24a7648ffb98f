import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { passing, permanent } from '../shared/failures.js';
import { type Owner, type RealPlace, realPlace, whyFixed, whyOpenToOthers } from './fixed.js';
import { CameBetween, type Fencing, LocalFiles } from './local-files.js';
import { runCommand } from './run-command.js';

/** Owner and mode of a file. Left out: those of the replaced file. */
export interface Rights {
  /** Default for a new file: only its owner may read it. */
  readonly mode?: number | undefined;
  /** Ids of user and group, who may write the folder as well. Default for a new file: the process's own. */
  readonly owner?: Owner | undefined;
  /** Another file whose rights are copied, instead of the replaced one's. */
  readonly like?: string | undefined;
}

/** Computes the new content from the present one (null: there is no file). May throw to leave the file alone. */
export type Edit = (now: string | null) => string;

/** Rights of the new file, and the check of the fencing token. */
export interface Replacing extends Rights, Fencing {}

const local = new LocalFiles();

/** Text as file content, one character per byte. Bytes that we do not change are written back as they were. */
export function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** The content, one character per byte. Null when there is no such file. Follows no link and reads only a regular file. */
export async function contentOf(path: string): Promise<string | null> {
  return attempt(path, () => read(path)).catch(nullWhenMissing);
}

async function read(path: string): Promise<string> {
  // Without O_NONBLOCK a named pipe in the file's place would block until somebody writes into it.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw permanent('Rejected', (await whyFixed(path)) ?? `${path} is not a file`);
    return await file.readFile('latin1');
  } finally {
    await file.close();
  }
}

/** Names in a folder; none when there is no such folder. */
export async function namesIn(folder: string): Promise<string[]> {
  return (await attempt(folder, () => readdir(folder)).catch(nullWhenMissing)) ?? [];
}

const tries = 10;
const pauseMs = { from: 5, to: 50 }; // another writer takes some milliseconds; a random pause keeps two from colliding again

/**
 * Replaces a file in one step: readers see the old content or the new one. Each writer removes the temporary files of all others
 * before it reads. Of two writers only one can therefore put its file in place, and a frozen one finds its own gone.
 * After a conflict `edit` runs again on the other writer's content.
 * @throws ApplicationFailure: retryable after conflicts with other writers, final when the place cannot be written
 */
export async function replaceFile(path: string, edit: string | Edit, replacing: Replacing = {}): Promise<void> {
  const place = await realPlace(path);
  const why = await whyOpenToOthers(place.path, replacing.owner ?? (await ownerOf(replacing.like)));
  if (why !== null) throw permanent('Rejected', why);
  for (let tried = 1; ; tried++) {
    try {
      return await attempt(place.path, () => replaceOnce(place, edit, replacing), { ...replacing, isFound: true });
    } catch (error) {
      if (!(error instanceof CameBetween)) throw error;
      if (tried === tries) throw passing(`${place.path} is being written by another process`);
      await sleep(pauseMs.from + Math.random() * (pauseMs.to - pauseMs.from));
    }
  }
}

async function replaceOnce({ path, folder }: RealPlace, edit: string | Edit, replacing: Replacing): Promise<void> {
  const own = `.${basename(path)}.keyturn-${randomBytes(6).toString('hex')}`;
  const beside = join(folder, own);
  const file = await open(beside, 'wx', 0o600);
  try {
    const others = (await temporariesOf(path)).filter((name) => name !== own);
    for (const name of others) await removeFile(join(folder, name));
    const now = await contentOf(path);
    const content = typeof edit === 'string' ? edit : edit(now);
    await fill(file, content, { ...replacing, path, beside });
    await local.replace(path, { by: beside, expected: now, ...replacing });
    await sync(folder);
    if ((await contentOf(path)) !== content) throw passing(`${path} was changed by another process meanwhile`);
  } finally {
    await file.close();
    await rm(beside, { force: true });
  }
}

/** Removes a file, or a link itself. Idempotent. */
export async function removeFile(path: string, fencing: Fencing = {}): Promise<void> {
  await attempt(path, () => local.remove(path, fencing));
}

/** Selects temporary files of further files beside a place, by the name of the file that they replace. */
export type Also = (name: string) => boolean;

/** Names of temporary files that killed writers left beside a file. Their name shows which file they belong to. */
export async function temporariesOf(path: string, also: Also = () => false): Promise<string[]> {
  const { folder } = await realPlace(path);
  return (await namesIn(folder)).filter((name) => {
    const [, of] = /^\.(.+)\.keyturn-[0-9a-f]{12}$/.exec(name) ?? [];
    return of !== undefined && (of === basename(path) || also(of));
  });
}

/** Removes the temporary files that killed writers left beside a file. */
export async function removeTemporaries(path: string, also?: Also): Promise<void> {
  const { folder } = await realPlace(path);
  for (const name of await temporariesOf(path, also)) await removeFile(join(folder, name));
}

interface Filling extends Rights {
  readonly path: string;
  readonly beside: string;
}

/** Sets the rights before any content. It uses the open handle, since another writer of the folder could exchange the file. */
async function fill(file: FileHandle, content: string, filling: Filling): Promise<void> {
  const { path, like = path, beside } = filling;
  const model = like === path ? await ordinary(path) : await stat(like).catch(() => null);
  if (model && (await whyOpenToOthers(path)) === null) await copyAttributes(like, beside);
  await giveRights(file, model, filling);
  await file.writeFile(content, 'latin1');
  await file.sync();
}

async function giveRights(file: FileHandle, model: Stats | null, { owner, mode }: Rights): Promise<void> {
  const stats = await file.stat();
  const [user, group] = owner ?? (model ? [model.uid, model.gid] : [stats.uid, stats.gid]);
  if (stats.uid !== user || stats.gid !== group) await file.chown(user, group);
  const bits = mode ?? (model ? model.mode & 0o777 : 0o600);
  if ((stats.mode & 0o777) !== bits) await file.chmod(bits); // only when needed: chmod changes the mask of an access list
}

async function ordinary(path: string): Promise<Stats | null> {
  const found = await lstat(path).catch(() => null);
  return found?.isFile() ? found : null;
}

/** Owner of a regular file. Undefined where there is none. */
export async function ownerOf(like: string | undefined): Promise<Owner | undefined> {
  const model = like === undefined ? null : await ordinary(like);
  return model ? [model.uid, model.gid] : undefined;
}

/** Copies access lists and labels, which Node cannot. A `cp` other than GNU's may fail; then only owner and mode are kept. */
async function copyAttributes(from: string, to: string): Promise<void> {
  const copy = ['/bin/cp', '--attributes-only', '--preserve=all', '--', from, to];
  await runCommand(copy, () => undefined).catch(() => undefined);
}

/** Makes the new name survive a power failure. */
async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

interface Attempted {
  readonly owner?: Owner | undefined;
  /** A missing file is an error as well. */
  readonly isFound?: true;
}

/** Replaces the operating system's error messages by ours. */
async function attempt<T>(path: string, action: () => Promise<T>, { owner, isFound }: Attempted = {}): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined || (code === missing && !isFound)) throw error;
    throw permanent(
      'Rejected',
      (await whyFixed(path, owner)) ?? `${path} cannot be read or written (${code}): give Keyturn's user permission`,
    );
  }
}

const missing = 'ENOENT';

function nullWhenMissing(error: unknown): null {
  if (codeOf(error) === missing) return null;
  throw error;
}

/** The operating system's error code. Undefined for any other error. */
function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}
