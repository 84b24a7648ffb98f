import { needsDecision, passing, permanent } from '../shared/failures.js';
import { quoted, rawIn, variablesIn, withRaw } from './env-text.js';
import { bytesOf, contentOf, removeFile, replaceFile, type Rights } from './files.js';
import { whyFixed } from './fixed.js';
import type { Fencing } from './local-files.js';
import { type EnvFileTarget, type FileTarget, nameOf, type Target } from './target.js';

/** A change of a place. */
export interface Change extends Fencing {
  /** What stood there when it was decided on. */
  readonly from: string | null;
  /** What comes there; null takes away what there is. */
  readonly to: string | null;
}

/** A place that can be looked at: a file, or a variable in one. */
export interface Place {
  /** For people. */
  readonly name: string;
  /** The file that is written. */
  readonly path: string;
  /** Beginning of the names of what is kept beside it. */
  readonly beside: string;
  /** What the configuration says of the file's rights. */
  readonly mode?: number | undefined;
  readonly owner?: Rights['owner'];
  /** What stands there now, as it is written there and a character for each byte; null when nothing does. */
  read(): Promise<string | null>;
  /** Changes what stands there, unless that is something else by now. */
  write(change: Change): Promise<void>;
  /** A value as it is written there. */
  spell(value: string): string;
  /** The value that whoever reads the place gets; null when nothing stands there. */
  value(): Promise<string | null>;
}

const onlyOwner: Rights = { mode: 0o600 };

/** Where a target can be looked at; null for a command. */
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
    async write({ from, to, present }) {
      if (to === null) return removeFile(file, { present });
      const edit = (now: string | null): string => {
        requireSame(file, now, from);
        return to;
      };
      await replaceFile(file, edit, { ...rights, present });
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
    async write({ from, to, present }) {
      const edit = (now: string | null): string => {
        requireSame(envFile, rawIn(lines(now), variable), from);
        return withRaw(lines(now), variable, to);
      };
      await replaceFile(envFile, edit, { owner, present });
    },
    spell: (value) => bytesOf(quoted(value)),
    value: async () => variablesIn(textOf(await read()) ?? '')[variable] ?? null,
  };
}

function idsOf({ owner }: Pick<FileTarget, 'owner'>): Rights['owner'] {
  const [user, group] = (owner ?? '').split(':').map(Number);
  return user !== undefined && group !== undefined ? [user, group] : undefined;
}

/** What the bytes of a content say. */
function textOf(content: string | null): string | null {
  return content === null ? null : Buffer.from(content, 'latin1').toString();
}

function requireSame(path: string, now: string | null, before: string | null): void {
  if (now !== before) throw passing(`${path} was changed by somebody else meanwhile`);
}

/** What editors on Windows may save: no reader of environment files finds a variable in it, and neither do we. */
function requireLines(text: string, path: string): string {
  if (!text.includes('\0')) return text;
  throw permanent(
    'Rejected',
    `${path} is no text that environment files are made of, such as UTF-16: save it as UTF-8`,
  );
}

/** What stood at a place before a version came there; kept beside it until the earlier version is retired. */
export interface Kept {
  readonly path: string;
}

/** Written before the place itself; one that an earlier attempt has written stays. */
export async function keepBefore(place: Place, { path }: Kept): Promise<void> {
  if ((await contentOf(path)) !== null) return;
  const why = await whyFixed(place.path, place.owner);
  if (why !== null) throw permanent('Rejected', why);
  const content = await place.read();
  const owner = place.owner; // who may write the folder, and not whose this is
  const rights = owner ? { ...onlyOwner, owner } : onlyOwner;
  await replaceFile(path, content === null ? nothing : `${something}${content}`, rights);
}

const something = 'before: ';
const nothing = 'before, there was nothing here';

/** Puts back what stood there before, unless somebody has changed the place since. */
export async function putBack(
  place: Place,
  { path, ours, ...fencing }: Kept & Fencing & { readonly ours: string },
): Promise<void> {
  const kept = await contentOf(path);
  if (kept === null) return; // nothing was put there
  const before = kept.startsWith(something) ? kept.slice(something.length) : null;
  const now = await place.read();
  if (now !== before && now !== place.spell(ours))
    throw needsDecision(`${place.name} was changed since we wrote it: what it holds now is left alone`);
  if (now !== before) await place.write({ from: now, to: before, ...fencing });
  await removeFile(path);
}

/** Refuses what a place cannot hold. */
export function requireValue(value: string | undefined, part: string, name: string): string {
  if (value !== undefined && value !== '' && !value.includes('\0')) return value;
  throw permanent('Rejected', `there is no usable part "${part}" to put into ${name}`);
}
