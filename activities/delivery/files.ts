import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { permanent } from '../shared/patience.js';
import { whyFixed } from './fixed.js';
import { runCommand } from './run-command.js';

/** Who a file belongs to and who may read it; what is left out stays as the file has it that is replaced. */
export interface Rights {
  /** For a new file, only its owner may read it. */
  readonly mode?: number | undefined;
  /** Ids of user and group; for a new file, whoever writes it. */
  readonly owner?: readonly [user: number, group: number] | undefined;
  /** Another file whose rights it gets, instead of the one that is replaced. */
  readonly like?: string | undefined;
}

/** Text as a content holds it: each character of a content is one byte, so what we do not change is written back as it was. */
export function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** The content, a character for each byte; null when there is no such file. */
export async function contentOf(path: string): Promise<string | null> {
  return attempt(path, () => readFile(path, 'latin1')).catch((error: unknown) => {
    if (codeOf(error) === missing) return null;
    throw error;
  });
}

/** Names in a folder; none when there is no such folder. */
export async function namesIn(folder: string): Promise<string[]> {
  return attempt(folder, () => readdir(folder)).catch((error: unknown) => {
    if (codeOf(error) === missing) return [];
    throw error;
  });
}

/** Replaces a file in one step: whoever reads it sees the old content or the new one. A link stays a link. */
export async function replaceFile(path: string, content: string, rights: Rights = {}): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const beside = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`);
  try {
    try {
      await write(beside, content, { like: target, ...rights });
      await rename(beside, target);
      await sync(dirname(target));
    } finally {
      await rm(beside, { force: true });
    }
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    throw permanent('Rejected', (await whyFixed(path, rights.owner)) ?? cannot(path, code));
  }
}

export async function removeFile(path: string): Promise<void> {
  await attempt(path, () => rm(path, { force: true }));
}

/** Nothing is in it before it has its rights. */
async function write(path: string, content: string, { mode, owner, like = '' }: Rights): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    const model = await stat(like).catch(() => null);
    if (model) await copyAttributes(like, path);
    const made = await file.stat();
    const [user, group] = owner ?? (model ? [model.uid, model.gid] : [made.uid, made.gid]);
    if (made.uid !== user || made.gid !== group) await file.chown(user, group);
    const bits = mode ?? (model ? model.mode & 0o777 : 0o600);
    if ((made.mode & 0o777) !== bits) await file.chmod(bits); // changes the mask of an access list, so not without need
    await file.writeFile(content, 'latin1');
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Access lists and labels, which Node knows nothing of. Another `cp` than GNU's may not know how: then owner and mode are all there is. */
async function copyAttributes(from: string, to: string): Promise<void> {
  const copy = ['/bin/cp', '--attributes-only', '--preserve=all', '--', from, to];
  await runCommand(copy, () => undefined).catch(() => undefined);
}

/** So that the new name survives a loss of power. */
async function sync(folder: string): Promise<void> {
  const handle: FileHandle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The system's own messages name paths only, but they are told by us all the same. */
async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined || code === missing) throw error;
    throw permanent('Rejected', (await whyFixed(path)) ?? cannot(path, code));
  }
}

const missing = 'ENOENT';

function cannot(path: string, code: string): string {
  return `${path} cannot be read or written (${code}): give Keyturn's user the right to`;
}

/** The system's code for what went wrong; undefined for anything else. */
function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}
