import { setTimeout as delay } from 'node:timers/promises';
import type { Warning } from '../shared/access.js';
import { type Digging, untilGone } from './deep.js';
import { noMarker } from './marker.js';
import { showsValue } from './probes.js';
import { currentIdOf, currentIn, end, secretOf } from './standing.js';
import { fenced } from './trial.js';

/**
 * Makes the current value current once more: it is valid all the while, whatever becomes of the former current secret. Never done with a base,
 * which nobody can be asked about.
 */
export async function rotateToItself(digging: Digging): Promise<string | Warning> {
  const { work, holder, found } = digging;
  const why = await whyNot(digging);
  if (why !== null || !holder) return { warning: `not tried: ${why}` };
  const value = await secretOf(work, holder);
  // An engine that holds no value twice does nothing when a value is rotated to itself, so a key is written in another way first.
  const isStrict = found.duplicates === 'refused';
  if (isStrict && work.connection.type !== 'jwt')
    return { warning: 'not told: the engine holds no value twice, and a password can be written in one way only' };
  found.rotate = await rotateTo(digging, isStrict ? `${value}\n` : value);
  if (isStrict) await rotateTo(digging, value);
  return words[found.rotate];
}

async function whyNot({ work, holder }: Digging): Promise<string | null> {
  const { connection, store, client } = work;
  if (connection.type === 'secret_key_base') return 'nobody can ask whether a base still works';
  const version = holder && (await store.read(holder));
  if (version?.state !== 'current') return 'nothing is adopted';
  if (currentIdOf(version, connection) !== currentIn(work, await client.secrets()).id)
    return 'the current secret is not ours';
  const shown = await showsValue({ ...work, ref: version });
  return shown?.verdict === 'accepted' ? null : 'our value is not shown to work';
}

const words = {
  drops: 'the former current secret is gone at once',
  keeps: 'the former current secret stays valid for a while',
  'in-place': 'the current secret keeps its id, and takes the new value',
} as const;

/** Notes the id that the value has then, and ends the copy that may be left of it. */
async function rotateTo({ work, holder }: Digging, value: string): Promise<keyof typeof words> {
  const { client, store, connection } = work;
  if (!holder) throw new Error('nothing is in force');
  const before = currentIn(work, await client.secrets()).id;
  await fenced(work, holder);
  await client.rotate(value);
  const listed = await client.secrets();
  const ours = currentIn(work, listed).id;
  await store.note(holder, { receipts: { [connection.type]: { before, ours } } });
  if (ours === before) return 'in-place';
  if (!listed.some(({ id }) => id === before)) return 'drops';
  await fenced(work, holder);
  await delay(await end(client, before, noMarker));
  await untilGone(client, before);
  return 'keeps';
}
