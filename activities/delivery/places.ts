import { needsDecision, permanent } from '../shared/patience.js';
import { quoted, rawIn, withRaw } from './env-text.js';
import { bytesOf, contentOf, removeFile, replaceFile, type Rights } from './files.js';
import { type EnvFileTarget, type FileTarget, nameOf, type Target } from './target.js';

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
  /** Puts something there, or takes it away (null). */
  write(content: string | null): Promise<void>;
  /** A value as it is written there. */
  spell(value: string): string;
}

const onlyOwner: Rights = { mode: 0o600 };

/** Where a target can be looked at; null for a command. */
export function placeOf(target: Target): Place | null {
  if ('file' in target) return filePlace(target);
  return 'envFile' in target ? envFilePlace(target) : null;
}

function filePlace(target: FileTarget): Place {
  const { file, mode, owner } = target;
  const [user, group] = (owner ?? '').split(':').map(Number);
  const ids = user !== undefined && group !== undefined ? ([user, group] as const) : undefined;
  const rights = { mode: mode === undefined ? undefined : Number.parseInt(mode, 8), owner: ids };
  return {
    ...rights,
    name: nameOf(target),
    path: file,
    beside: file,
    read: () => contentOf(file),
    write: (content) => (content === null ? removeFile(file) : replaceFile(file, content, rights)),
    spell: bytesOf,
  };
}

function envFilePlace(target: EnvFileTarget): Place {
  const { envFile, variable } = target;
  const text = async (): Promise<string> => requireLines((await contentOf(envFile)) ?? '', envFile);
  return {
    name: nameOf(target),
    path: envFile,
    beside: `${envFile}.${variable}`,
    read: async () => rawIn(await text(), variable),
    write: (content) => alone(envFile, async () => replaceFile(envFile, withRaw(await text(), variable, content))),
    spell: (value) => bytesOf(quoted(value)),
  };
}

/** What editors on Windows may save: no reader of environment files finds a variable in it, and neither do we. */
function requireLines(text: string, path: string): string {
  if (!text.includes('\0')) return text;
  throw permanent(
    'Rejected',
    `${path} is no text that environment files are made of, such as UTF-16: save it as UTF-8`,
  );
}

/** Two credentials may have variables in one file: each reads what the other wrote. */
async function alone<T>(path: string, work: () => Promise<T>): Promise<T> {
  const before = busy.get(path) ?? Promise.resolve();
  const mine = before.then(work);
  const settled = mine.then(
    () => undefined,
    () => undefined,
  );
  busy.set(path, settled);
  return mine;
}

const busy = new Map<string, Promise<void>>();

/** What stood at a place before a version came there; kept beside it until the earlier version is retired. */
export interface Kept {
  readonly path: string;
}

/** Written before the place itself; one that an earlier attempt has written stays. */
export async function keepBefore(place: Place, { path }: Kept): Promise<void> {
  if ((await contentOf(path)) !== null) return;
  const content = await place.read();
  await replaceFile(path, content === null ? nothing : `${something}${content}`, onlyOwner);
}

const something = 'before: ';
const nothing = 'before, there was nothing here';

/** Puts back what stood there before, unless somebody has changed the place since. */
export async function putBack(place: Place, { path }: Kept, ours: string): Promise<void> {
  const kept = await contentOf(path);
  if (kept === null) return; // nothing was put there
  const before = kept.startsWith(something) ? kept.slice(something.length) : null;
  const now = await place.read();
  if (now !== before && now !== place.spell(ours))
    throw needsDecision(`${place.name} was changed since we wrote it: what it holds now is left alone`);
  if (now !== before) await place.write(before);
  await removeFile(path);
}

/** Refuses what a place cannot hold. */
export function requireValue(value: string | undefined, part: string, name: string): string {
  if (value !== undefined && value !== '' && !value.includes('\0')) return value;
  throw permanent('Rejected', `there is no usable part "${part}" to put into ${name}`);
}
