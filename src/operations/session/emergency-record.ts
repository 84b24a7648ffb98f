import { constants, type Stats } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import type { Store } from '../../store/store.js';

/** What an emergency did, or was about to do, while the store could not be opened. */
const DirectAct = z.object({
  /** Unix ms. */
  at: z.int(),
  /** When the emergency was declared, Unix ms. */
  askedAt: z.int(),
  actor: z.string(),
  reason: z.string(),
  credential: z.string(),
  /** As the provider lists it. */
  id: z.string(),
  name: z.string(),
  end: z.enum(['begun', 'ended', 'unknown']),
});
export type DirectAct = z.infer<typeof DirectAct>;

/** The record file, with one JSON document a line. It is beside the configuration, which can be read even without the store. */
export function recordFileOf(configuration: string): string {
  return join(dirname(resolve(configuration)), 'keyturn-emergencies.jsonl');
}

/** Why a record file is not trusted; null when it is. Other users must not plant entries in it, or redirect what is written. */
export function whyNotOurs(found: Stats | undefined): string | null {
  if (!found) return null;
  if (!found.isFile()) return 'it is not a regular file';
  if (![0, process.getuid?.()].includes(found.uid)) return `it belongs to user ${found.uid}`;
  return (found.mode & 0o022) === 0 ? null : 'others may write it';
}

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** Adds a line, which is on the disk when this resolves. Throws when the file is not trusted. */
export async function writeDown(file: string, act: DirectAct): Promise<void> {
  const handle = await open(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    const why = whyNotOurs(await handle.stat());
    if (why !== null) throw new Error(why);
    await handle.appendFile(`${JSON.stringify(act)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Enters what was done without the store into the ledger, and requests the emergencies that still have to end. Returns their credentials; none
 * when there is no record. Repeated after a crash, it enters what is missing.
 */
export async function takeIn(store: Store, configuration: string): Promise<string[]> {
  const file = recordFileOf(configuration);
  const text = await trusted(file).catch(() => null);
  if (text === null) return [];
  const acts = text.split('\n').flatMap(parse);
  const credentials = [...new Set(acts.map(({ credential }) => credential))];
  for (const name of credentials) {
    const own = acts.filter(({ credential }) => credential === name);
    await enter(store, name, own);
    const [first] = own;
    if (first && (await store.versions(name)).length > 0)
      await store.ask({ ...first, credential: name, versions: null });
  }
  await rename(file, `${file}.taken-in-${Date.now()}`).catch(unlessGone); // another process may have taken it in beside this one
  return credentials;
}

/** Null for a file that is not trusted, which `keyturn check` reports. */
async function trusted(file: string): Promise<string | null> {
  await using handle = await open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  return whyNotOurs(await handle.stat()) === null ? handle.readFile('utf8') : null;
}

async function enter(store: Store, credential: string, acts: readonly DirectAct[]): Promise<void> {
  const event = 'revoked directly';
  const entered = (await store.ledger({ credential })).filter((row) => row.event === event);
  for (const { actor, id, name, end: outcome, at } of acts) {
    const detail = `${name} (${id}) at ${new Date(at).toISOString()}, while the store could not be opened`;
    const there = entered.some((row) => row.detail === detail && row.outcome === outcome);
    if (!there) await store.record({ event, actor, credential, outcome, detail });
  }
}

function unlessGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

/** Skips a line that a crash cut short. */
function parse(line: string): DirectAct[] {
  try {
    return [DirectAct.parse(JSON.parse(line))];
  } catch {
    return [];
  }
}
