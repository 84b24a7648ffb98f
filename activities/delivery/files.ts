import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { passing, permanent } from '../shared/failures.js';
import { type Owner, type RealPlace, realPlace, whyFixed, whyOpenToOthers } from './fixed.js';
import { CameBetween, type Fencing, LocalFiles } from './local-files.js';
import { runCommand } from './run-command.js';

/** Who a file belongs to and who may read it; what is left out stays as the file has it that is replaced. */
export interface Rights {
  /** For a new file, only its owner may read it. */
  readonly mode?: number | undefined;
  /** Ids of user and group; for a new file, whoever writes it. Whoever they are may write the folder as well. */
  readonly owner?: Owner | undefined;
  /** Another file whose rights it gets, instead of the one that is replaced. */
  readonly like?: string | undefined;
}

/** What a file will hold, worked out from what it holds now (null: there is none). May throw to leave it alone. */
export type Edit = (now: string | null) => string;

/** How a file is replaced: with which rights, and who holds the fencing token. */
export interface Replacing extends Rights, Fencing {}

const local = new LocalFiles();

/** Text as a content holds it: each character of a content is one byte, so what we do not change is written back as it was. */
export function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** The content, a character for each byte; null when there is no such file. A link is not followed, and nothing but an ordinary file is read. */
export async function contentOf(path: string): Promise<string | null> {
  return attempt(path, () => read(path)).catch(nullWhenMissing);
}

async function read(path: string): Promise<string> {
  // Without O_NONBLOCK a named pipe in the file's place would wait for somebody to write into it.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw permanent('Rejected', (await whyFixed(path)) ?? `${path} is no file`);
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
const pauseMs = { from: 5, to: 50 }; // another writer takes some milliseconds; two that begin again at once would meet again

/**
 * Replaces a file in one step: whoever reads it sees the old content or the new one. The file that takes its place is also what tells two
 * writers apart: each removes those of all others before it reads, so that of two only one can put its own in place, and one that was
 * frozen finds its own gone. `edit` is asked again with what the other one has written.
 * @throws ApplicationFailure: one that passes when others came between, one that does not when the place cannot be written to
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
      if (tried === tries) throw passing(`${place.path} is being written by somebody else`);
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
    if ((await contentOf(path)) !== content) throw passing(`${path} was changed by somebody else meanwhile`);
  } finally {
    await file.close();
    await rm(beside, { force: true });
  }
}

/** Removes a file, or a link itself; one that is gone already is fine. */
export async function removeFile(path: string, fencing: Fencing = {}): Promise<void> {
  await attempt(path, () => local.remove(path, fencing));
}

/** Which writers are meant besides those of a file itself: by the name of the file beside it that they write. */
export type Also = (name: string) => boolean;

/** Names of what writers left beside a file that were killed before it took the file's place. The name says whose it is: nothing else is named. */
export async function temporariesOf(path: string, also: Also = () => false): Promise<string[]> {
  const { folder } = await realPlace(path);
  return (await namesIn(folder)).filter((name) => {
    const [, of] = /^\.(.+)\.keyturn-[0-9a-f]{12}$/.exec(name) ?? [];
    return of !== undefined && (of === basename(path) || also(of));
  });
}

/** Removes them. */
export async function removeTemporaries(path: string, also?: Also): Promise<void> {
  const { folder } = await realPlace(path);
  for (const name of await temporariesOf(path, also)) await removeFile(join(folder, name));
}

interface Filling extends Rights {
  readonly path: string;
  readonly beside: string;
}

/** Nothing is in it before it has its rights. They are set on the open file: who may write the folder may put another one in its place. */
async function fill(file: FileHandle, content: string, filling: Filling): Promise<void> {
  const { path, like = path, beside } = filling;
  const model = like === path ? await ordinary(path) : await stat(like).catch(() => null);
  if (model && (await whyOpenToOthers(path)) === null) await copyAttributes(like, beside);
  await giveRights(file, model, filling);
  await file.writeFile(content, 'latin1');
  await file.sync();
}

async function giveRights(file: FileHandle, model: Stats | null, { owner, mode }: Rights): Promise<void> {
  const made = await file.stat();
  const [user, group] = owner ?? (model ? [model.uid, model.gid] : [made.uid, made.gid]);
  if (made.uid !== user || made.gid !== group) await file.chown(user, group);
  const bits = mode ?? (model ? model.mode & 0o777 : 0o600);
  if ((made.mode & 0o777) !== bits) await file.chmod(bits); // changes the mask of an access list, so not without need
}

async function ordinary(path: string): Promise<Stats | null> {
  const found = await lstat(path).catch(() => null);
  return found?.isFile() ? found : null;
}

/** Whose an ordinary file is; undefined where there is none. */
export async function ownerOf(like: string | undefined): Promise<Owner | undefined> {
  const model = like === undefined ? null : await ordinary(like);
  return model ? [model.uid, model.gid] : undefined;
}

/** Access lists and labels, which Node knows nothing of. Another `cp` than GNU's may not know how: then owner and mode are all there is. */
async function copyAttributes(from: string, to: string): Promise<void> {
  const copy = ['/bin/cp', '--attributes-only', '--preserve=all', '--', from, to];
  await runCommand(copy, () => undefined).catch(() => undefined);
}

/** So that the new name survives a loss of power. */
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
  /** Something that is missing is trouble as well. */
  readonly isFound?: true;
}

/** The system's own messages name paths only, but they are told by us all the same. */
async function attempt<T>(path: string, work: () => Promise<T>, { owner, isFound }: Attempted = {}): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined || (code === missing && !isFound)) throw error;
    throw permanent('Rejected', (await whyFixed(path, owner)) ?? cannot(path, code));
  }
}

const missing = 'ENOENT';

function nullWhenMissing(error: unknown): null {
  if (codeOf(error) === missing) return null;
  throw error;
}

function cannot(path: string, code: string): string {
  return `${path} cannot be read or written (${code}): give Keyturn's user the right to`;
}

/** The system's code for what went wrong; undefined for anything else. */
function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}
