import { setTimeout as delay } from 'node:timers/promises';
import type { Warning } from '../shared/access.js';
import { permanent } from '../shared/failures.js';
import { onOwnConnections } from '../shared/http.js';
import { testPdf } from '../shared/test-pdf.js';
import type { DocumentEngineClient } from './client.js';
import { documentOf, type EngineContext, end, knownId, list, noteCurrent, secretOf } from './context.js';
import type { DeepRun } from './deep.js';
import { showsPassword } from './passwords.js';
import { showsValue } from './probes.js';
import { requestTo } from './requests.js';
import { mayRead, openSession as exchange, type Reading, showsKey, signerWith } from './tokens.js';
import { fenced, isHeld } from './trial.js';

const limitMs = 60_000; // a rotation would not wait longer for a change
const connections = 10;
const pausesMs = { jwt: 200, dashboard_password: 15_000, secret_key_base: 0 } as const; // the engine counts wrong passwords

/** Asks on many connections until all of them agree. Null where no request can use the value. */
async function until(
  wanted: 'accepted' | 'refused',
  { context, value }: DeepRun,
): Promise<{ reading: Reading; afterMs: number } | null> {
  const { connection } = context;
  if (connection.type === 'secret_key_base') return null;
  const began = performance.now();
  const refusals = wanted === 'refused' && connection.type === 'dashboard_password';
  const asking = { ...context, connection: { ...connection, connections: refusals ? 1 : connections } };
  for (;;) {
    const reading = await onOwnConnections(() =>
      connection.type === 'jwt'
        ? showsKey(asking, signerWith(asking, value['privateKey'] ?? ''), { expected: wanted })
        : showsPassword(asking, value['password'] ?? ''),
    );
    const afterMs = performance.now() - began;
    if (reading.verdict === wanted || reading.verdict === 'unclear') return { reading, afterMs };
    if (afterMs > limitMs) throw permanent('Rejected', `${reading.detail}, a minute after the change`);
    await delay(pausesMs[connection.type]);
  }
}

/** Finds out which request shows that a value is accepted, and after what time on every node. */
export async function showsAcceptance(run: DeepRun): Promise<string | Warning> {
  const result = await until('accepted', run);
  if (!result) return { warning: 'no request uses it: only the list shows it' };
  const { reading, afterMs } = result;
  if (reading.verdict === 'unclear')
    return { warning: `${reading.detail}: acceptance and refusal will be not observable` };
  const { found } = run;
  found.probe = reading.by ?? null;
  found.lagMs = Math.round(afterMs);
  return `${reading.detail}; everywhere after ${found.lagMs} ms`;
}

export async function showsEnd(run: DeepRun): Promise<string | Warning> {
  const { found } = run;
  const result = found.probe === null ? null : await until('refused', run);
  if (!result) return { warning: 'no request shows whether it is refused' };
  if (result.reading.verdict === 'unclear') return { warning: result.reading.detail };
  found.lagMs = Math.max(found.lagMs ?? 0, Math.round(result.afterMs));
  return `refused like a value that was never valid; everywhere after ${Math.round(result.afterMs)} ms`;
}

interface Session {
  readonly document: string;
  readonly layer: string;
  readonly token: string;
}

/** A session that was opened with a token of the trial's key. Null where the engine opens none with it. */
export async function openSession({ context, value }: DeepRun): Promise<Session | null> {
  const { client } = context;
  const document = `${documentOf(context)}-session`;
  await client.upload(document, testPdf(document));
  const signs = signerWith(context, value['privateKey'] ?? '');
  const { opened } = await exchange(client, document, await signs(mayRead(document)));
  if (opened?.layerHandle !== undefined) return { document, layer: opened.layerHandle, token: opened.token };
  await client.deleteDocument(document);
  return null;
}

/** Finds out whether the session outlives its key: whether it still shows its document. */
export async function endsSession({ context, found }: DeepRun, session: Session): Promise<string | Warning> {
  const { client } = context;
  const { document, layer, token } = session;
  const { status } = await client.question({
    ...requestTo('viewSession', { document, layer }),
    headers: { 'x-pspdfkit-token': token },
    allow: [401, 403, 404],
  });
  await client.deleteDocument(document);
  found.sessions = status < 300 ? 'go-on' : 'end';
  const warning = 'an open viewer session outlives its key: POST /api/revoke ends sessions of tokens with a jti';
  return status < 300 ? { warning } : 'an open viewer session ends with its key';
}

const endsWithinMs = 10_000;

/** Waits until the list has none of these secrets. */
export async function untilGone(client: DocumentEngineClient, ...ids: readonly number[]): Promise<void> {
  const began = performance.now();
  while ((await client.secrets()).some(({ id }) => ids.includes(id))) {
    if (performance.now() - began > endsWithinMs)
      throw permanent('Rejected', 'Document Engine still lists a secret whose expiry has passed');
    await delay(200);
  }
}

/**
 * Makes the current value current again. The value stays valid throughout, whatever happens to the former current secret. Never done with
 * a base, whose validity cannot be checked.
 */
export async function rotateToItself({ context, found }: DeepRun): Promise<string | Warning> {
  const why = await whyNot(context);
  if (why !== null) return { warning: `not tried: ${why}` };
  const value = await secretOf(context);
  // An engine that holds no value twice ignores a rotation to the same value, so a key is first written with another spelling.
  const isStrict = found.duplicates === 'refused';
  if (isStrict && context.connection.type !== 'jwt')
    return { warning: 'not tried: the engine holds no value twice, and a password has only one spelling' };
  found.rotate = await rotateTo(context, isStrict ? `${value}\n` : value);
  if (isStrict) await rotateTo(context, value);
  return words[found.rotate];
}

async function whyNot(context: EngineContext): Promise<string | null> {
  const { connection, store, ref } = context;
  if (connection.type === 'secret_key_base') return 'it cannot be checked whether a base still works';
  if (!isHeld(context) || (await store.read(ref)).state !== 'current') return 'nothing is adopted';
  if ((await knownId(context)) !== (await list(context)).current) return 'the current secret is not ours';
  return (await showsValue(context))?.verdict === 'accepted' ? null : 'our value was not accepted';
}

const words = {
  drops: 'the former current secret is gone at once',
  keeps: 'the former current secret stays valid for a while',
  'in-place': 'the current secret keeps its id and gets the new value',
} as const;

/** Rotates, records the value's new id, and ends the former current secret if it is still listed. */
async function rotateTo(context: EngineContext, value: string): Promise<keyof typeof words> {
  const { client } = context;
  const { current: before } = await list(context);
  await fenced(context);
  await client.rotate(value);
  const { listed, current: ours } = await list(context);
  await noteCurrent(context, { before, ours });
  if (ours === before) return 'in-place';
  if (!listed.some(({ id }) => id === before)) return 'drops';
  await fenced(context);
  await delay(await end(client, before));
  await untilGone(client, before);
  return 'keeps';
}
