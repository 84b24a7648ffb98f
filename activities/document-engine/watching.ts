import { setTimeout as delay } from 'node:timers/promises';
import type { Warning } from '../shared/access.js';
import { onOwnConnections } from '../shared/http.js';
import { permanent } from '../shared/failures.js';
import { testPdf } from '../shared/test-pdf.js';
import type { DeepRun } from './deep.js';
import { documentOf } from './documents.js';
import { showsPassword } from './probes.js';
import { exchangeForSession, isSessionOpen, type Session } from './questions.js';
import { showsKey, type Reading, signerWith } from './tokens.js';

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

/** A viewer's session, opened with a token of the trial's key. Null where the engine opens no session with it. */
export async function openSession({ context, value }: DeepRun): Promise<Session | null> {
  const { client, store, ref } = context;
  const document = `${documentOf(store, ref.credential)}-session`;
  await client.upload(document, testPdf(document));
  const signs = signerWith(context, value['privateKey'] ?? '');
  const session = await exchangeForSession(
    client,
    document,
    await signs({ document_id: document, permissions: ['read-document'] }),
  );
  if (!session) await client.deleteDocument(document);
  return session;
}

/** Finds out whether the session outlives its key. */
export async function endsSession({ context, found }: DeepRun, session: Session): Promise<string | Warning> {
  const goesOn = await isSessionOpen(context.client, session);
  await context.client.deleteDocument(session.document);
  found.sessions = goesOn ? 'go-on' : 'end';
  return goesOn
    ? {
        warning: 'an open viewer session outlives its key: POST /api/revoke ends sessions of tokens with a jti',
      }
    : 'an open viewer session ends with its key';
}
