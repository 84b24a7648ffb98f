import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { permanent } from '../shared/patience.js';

/** Who a file belongs to and who may read it. */
export interface Rights {
  readonly mode: number;
  /** Ids of user and group; undefined for whoever writes it. */
  readonly owner?: readonly [user: number, group: number] | undefined;
}

/** The content; null when there is no such file. */
export async function contentOf(path: string): Promise<string | null> {
  return attempt(path, () => readFile(path, 'utf8')).catch((error: unknown) => {
    if (codeOf(error) === missing) return null;
    throw error;
  });
}

/** The rights a file has; null when there is none. */
export async function rightsOf(path: string): Promise<Rights | null> {
  const found = await stat(path).catch(() => null);
  return found && { mode: found.mode & 0o777, owner: [found.uid, found.gid] };
}

/** Replaces a file in one step: whoever reads it sees the old content or the new one. A link stays a link. */
export async function replaceFile(path: string, content: string, rights: Rights): Promise<void> {
  await attempt(path, async () => {
    const target = await realpath(path).catch(() => path);
    const beside = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`);
    try {
      await write(beside, content, rights);
      await rename(beside, target);
      await sync(dirname(target));
    } finally {
      await rm(beside, { force: true });
    }
  });
}

export async function removeFile(path: string): Promise<void> {
  await attempt(path, () => rm(path, { force: true }));
}

async function write(path: string, content: string, { mode, owner }: Rights): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    if (owner && (process.getuid?.() !== owner[0] || process.getgid?.() !== owner[1])) await file.chown(...owner);
    await file.chmod(mode);
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
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
    throw permanent('Rejected', `${path} cannot be read or written (${code}): give Keyturn's user the right to`);
  }
}

const missing = 'ENOENT';

/** The system's code for what went wrong; undefined for anything else. */
function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}
