import { needsDecision, passing, permanent } from '../shared/failures.js';
import { quoted, rawIn, variablesIn, withRaw } from './env-text.js';
import { bytesOf, contentOf, removeFile, replaceFile, type Rights } from './files.js';
import { whyFixed } from './fixed.js';
import type { Fencing } from './local-files.js';
import { type EnvFileTarget, type FileTarget, nameOf, type Target } from './target.js';

/** A change of a place. */
export interface Change extends Fencing {
  /** The content that the decision was based on. */
  readonly from: string | null;
  /** The new content. Null removes it. */
  readonly to: string | null;
}

/** A place that can be read: a file, or a variable in one. */
export interface Place {
  /** For people. */
  readonly name: string;
  /** The file that is written. */
  readonly path: string;
  /** Prefix of the names of files that are kept beside it. */
  readonly beside: string;
  /** Mode and owner from the configuration. */
  readonly mode?: number | undefined;
  readonly owner?: Rights['owner'];
  /** The raw content, one character per byte. Null when there is none. */
  read(): Promise<string | null>;
  /** Changes the content, unless it is no longer `from`. */
  write(change: Change): Promise<void>;
  /** The raw content for a value. */
  spell(value: string): string;
  /** The value that a reader of the place gets. Null when there is none. */
  value(): Promise<string | null>;
}

const onlyOwner: Rights = { mode: 0o600 };

/** The place of a target. Null for a command. */
export function placeOf(target: Target): Place | null {
  if ('file' in target) return filePlace(target);
  return 'envFile' in target ? envFilePlace(target) : null;
}

function filePlace(target: FileTarget): Place {
  const { file, mode } = target;
  const rights = { mode: mode === undefined ? undefined : Number.parseInt(mode, 8), owner: idsOf(target) };
  const read = (): Promise<string | null> => contentOf(file);
  return {
    ...rights,
    name: nameOf(target),
    path: file,
    beside: file,
    read,
    async write({ from, to, requireWriter }) {
      if (to === null) return removeFile(file, { requireWriter });
      const edit = (now: string | null): string => {
        requireSame(file, now, from);
        return to;
      };
      await replaceFile(file, edit, { ...rights, requireWriter });
    },
    spell: bytesOf,
    value: async () => textOf(await read()),
  };
}

function envFilePlace(target: EnvFileTarget): Place {
  const { envFile, variable } = target;
  const owner = idsOf(target);
  const lines = (content: string | null): string => requireLines(content ?? '', envFile);
  const read = async (): Promise<string> => lines(await contentOf(envFile));
  return {
    owner,
    name: nameOf(target),
    path: envFile,
    beside: `${envFile}.${variable}`,
    read: async () => rawIn(await read(), variable),
    async write({ from, to, requireWriter }) {
      const edit = (now: string | null): string => {
        requireSame(envFile, rawIn(lines(now), variable), from);
        return withRaw(lines(now), variable, to);
      };
      await replaceFile(envFile, edit, { owner, requireWriter });
    },
    spell: (value) => bytesOf(quoted(value)),
    value: async () => variablesIn(textOf(await read()) ?? '')[variable] ?? null,
  };
}

function idsOf({ owner }: Pick<FileTarget, 'owner'>): Rights['owner'] {
  const [user, group] = (owner ?? '').split(':').map(Number);
  return user !== undefined && group !== undefined ? [user, group] : undefined;
}

function textOf(content: string | null): string | null {
  return content === null ? null : Buffer.from(content, 'latin1').toString();
}

function requireSame(path: string, now: string | null, before: string | null): void {
  if (now !== before) throw passing(`${path} was changed by another process meanwhile`);
}

/** Refuses UTF-16, which editors on Windows may save: readers of environment files find no variable in it. */
function requireLines(text: string, path: string): string {
  if (!text.includes('\0')) return text;
  throw permanent('Rejected', `${path} is not plain text (it may be UTF-16): save it as UTF-8`);
}

/**
 * Keeps the content of a place in the file `path` beside it until the earlier version is retired. Written before the place itself. The file
 * of an earlier attempt stays.
 */
export async function keepBefore(place: Place, path: string): Promise<void> {
  if ((await contentOf(path)) !== null) return;
  const why = await whyFixed(place.path, place.owner);
  if (why !== null) throw permanent('Rejected', why);
  const content = await place.read();
  const owner = place.owner; // the configured one, who may write the folder; not the present file's owner
  const rights = owner ? { ...onlyOwner, owner } : onlyOwner;
  await replaceFile(path, content === null ? nothing : `${something}${content}`, rights);
}

const something = 'before: ';
const nothing = 'before, there was nothing here';

/** Restores the earlier content, unless somebody has changed the place since. */
export async function putBack(
  place: Place,
  path: string,
  { ours, ...fencing }: Fencing & { readonly ours: string },
): Promise<void> {
  const kept = await contentOf(path);
  if (kept === null) return; // nothing was delivered
  const before = kept.startsWith(something) ? kept.slice(something.length) : null;
  const now = await place.read();
  if (now !== before && now !== place.spell(ours))
    throw needsDecision(`${place.name} was changed since Keyturn wrote it: its present content stays`);
  if (now !== before) await place.write({ from: now, to: before, ...fencing });
  await removeFile(path);
}

/** Refuses a value that a place cannot hold. */
export function requireValue(value: string | undefined, part: string, name: string): string {
  if (value !== undefined && value !== '' && !value.includes('\0')) return value;
  throw permanent('Rejected', `the value has no usable part "${part}" for ${name}`);
}
