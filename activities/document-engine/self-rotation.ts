import { setTimeout as delay } from 'node:timers/promises';
import type { Warning } from '../shared/access.js';
import { type DeepRun, untilGone } from './deep.js';
import { noMarker } from './marker.js';
import { showsValue } from './probes.js';
import { currentIdOf, currentIn, end, secretOf } from './context.js';
import { fenced } from './trial.js';

/**
 * Makes the current value current again. The value stays valid throughout, whatever happens to the former current secret. Never done with
 * a base, whose validity cannot be checked.
 */
export async function rotateToItself(run: DeepRun): Promise<string | Warning> {
  const { context, holder, found } = run;
  const why = await whyNot(run);
  if (why !== null || !holder) return { warning: `not tried: ${why}` };
  const value = await secretOf(context, holder);
  // An engine that holds no value twice ignores a rotation to the same value, so a key is first written with another spelling.
  const isStrict = found.duplicates === 'refused';
  if (isStrict && context.connection.type !== 'jwt')
    return { warning: 'not tried: the engine holds no value twice, and a password has only one spelling' };
  found.rotate = await rotateTo(run, isStrict ? `${value}\n` : value);
  if (isStrict) await rotateTo(run, value);
  return words[found.rotate];
}

async function whyNot({ context, holder }: DeepRun): Promise<string | null> {
  const { connection, store, client } = context;
  if (connection.type === 'secret_key_base') return 'it cannot be checked whether a base still works';
  const version = holder && (await store.read(holder));
  if (version?.state !== 'current') return 'nothing is adopted';
  if (currentIdOf(version, connection) !== currentIn(context, await client.secrets()).id)
    return 'the current secret is not ours';
  const reading = await showsValue({ ...context, ref: version });
  return reading?.verdict === 'accepted' ? null : 'our value was not accepted';
}

const words = {
  drops: 'the former current secret is gone at once',
  keeps: 'the former current secret stays valid for a while',
  'in-place': 'the current secret keeps its id and gets the new value',
} as const;

/** Rotates, records the value's new id, and ends the former current secret if it is still listed. */
async function rotateTo({ context, holder }: DeepRun, value: string): Promise<keyof typeof words> {
  const { client, store, connection } = context;
  if (!holder) throw new Error('nothing is in force');
  const before = currentIn(context, await client.secrets()).id;
  await fenced(context, holder);
  await client.rotate(value);
  const listed = await client.secrets();
  const ours = currentIn(context, listed).id;
  await store.note(holder, { receipts: { [connection.type]: { before, ours } } });
  if (ours === before) return 'in-place';
  if (!listed.some(({ id }) => id === before)) return 'drops';
  await fenced(context, holder);
  await delay(await end(client, before, noMarker));
  await untilGone(client, before);
  return 'keeps';
}
