import { setTimeout as delay } from 'node:timers/promises';
import type { Warning } from '../shared/access.js';
import { onOwnConnections } from '../shared/http.js';
import { permanent } from '../shared/failures.js';
import { testPdf } from '../shared/test-pdf.js';
import type { Digging } from './deep.js';
import { documentOf } from './documents.js';
import { showsPassword } from './probes.js';
import { isSessionOpen, type Session, swapForSession } from './questions.js';
import { showsKey, type Reading, signerWith } from './tokens.js';

const limitMs = 60_000; // a change that takes longer is none that a rotation would wait for
const connections = 10;
const pausesMs = { jwt: 200, dashboard_password: 15_000, secret_key_base: 0 } as const; // wrong passwords are counted

/** Asks on many connections until all of them say the same; null where nothing can be asked. */
async function until(
  wanted: 'accepted' | 'refused',
  { work, value }: Digging,
): Promise<{ shown: Reading; afterMs: number } | null> {
  const { connection } = work;
  if (connection.type === 'secret_key_base') return null;
  const began = performance.now();
  const refusals = wanted === 'refused' && connection.type === 'dashboard_password';
  const asking = { ...work, connection: { ...connection, connections: refusals ? 1 : connections } };
  for (;;) {
    const shown = await onOwnConnections(() =>
      connection.type === 'jwt'
        ? showsKey(asking, signerWith(asking, value['privateKey'] ?? ''), { expected: wanted })
        : showsPassword(asking, value['password'] ?? ''),
    );
    const afterMs = performance.now() - began;
    if (shown.verdict === wanted || shown.verdict === 'unclear') return { shown, afterMs };
    if (afterMs > limitMs) throw permanent('Rejected', `${shown.detail}, a minute after the change`);
    await delay(pausesMs[connection.type]);
  }
}

/** Which request shows that a value is accepted, and how long that takes everywhere. */
export async function showsAcceptance(digging: Digging): Promise<string | Warning> {
  const seen = await until('accepted', digging);
  if (!seen) return { warning: 'nobody can ask with it: only the list shows it' };
  const { shown, afterMs } = seen;
  if (shown.verdict === 'unclear') return { warning: `${shown.detail}: acceptance and refusal will be not observable` };
  const { found } = digging;
  found.probe = shown.by ?? null;
  found.lagMs = Math.round(afterMs);
  return `${shown.detail}; everywhere after ${found.lagMs} ms`;
}

export async function showsEnd(digging: Digging): Promise<string | Warning> {
  const { found } = digging;
  const seen = found.probe === null ? null : await until('refused', digging);
  if (!seen) return { warning: 'nobody can ask whether it is refused' };
  if (seen.shown.verdict === 'unclear') return { warning: seen.shown.detail };
  found.lagMs = Math.max(found.lagMs ?? 0, Math.round(seen.afterMs));
  return `refused as a value that never was one; everywhere after ${Math.round(seen.afterMs)} ms`;
}

/** A viewer's session, opened with a token of the key on trial; null where viewers are not let in so. */
export async function openSession({ work, value }: Digging): Promise<Session | null> {
  const { client, store, ref } = work;
  const document = `${documentOf(store, ref.credential)}-session`;
  await client.upload(document, testPdf(document));
  const signs = signerWith(work, value['privateKey'] ?? '');
  const session = await swapForSession(
    client,
    document,
    await signs({ document_id: document, permissions: ['read-document'] }),
  );
  if (!session) await client.deleteDocument(document);
  return session;
}

/** Whether the session goes on after its key. */
export async function endsSession({ work, found }: Digging, session: Session): Promise<string | Warning> {
  const goesOn = await isSessionOpen(work.client, session);
  await work.client.deleteDocument(session.document);
  found.sessions = goesOn ? 'go-on' : 'end';
  return goesOn
    ? {
        warning:
          'a viewer that is open already goes on after its key has ended: POST /api/revoke ends sessions of tokens with a jti',
      }
    : 'a viewer that is open already ends with its key';
}
