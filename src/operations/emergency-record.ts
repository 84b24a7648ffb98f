import { open, readFile, rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import type { Store } from '../store/store.js';

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

/** Beside the configuration, which can be read even now: one JSON document a line. */
export function recordFileOf(configuration: string): string {
  return join(dirname(resolve(configuration)), 'keyturn-emergencies.jsonl');
}

/** Adds a line, which is on the disk when this resolves. */
export async function writeDown(file: string, act: DirectAct): Promise<void> {
  const handle = await open(file, 'a', 0o600);
  try {
    await handle.appendFile(`${JSON.stringify(act)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Takes what was done without the store into the ledger, and asks for the emergencies that are to be brought to their end. Returns their
 * credentials; none when there is no record. Repeated after a crash it enters what is missing.
 */
export async function takeIn(store: Store, configuration: string): Promise<string[]> {
  const file = recordFileOf(configuration);
  const text = await readFile(file, 'utf8').catch(() => null);
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

/** A line that was cut short by a crash is no line. */
function parse(line: string): DirectAct[] {
  try {
    return [DirectAct.parse(JSON.parse(line))];
  } catch {
    return [];
  }
}
