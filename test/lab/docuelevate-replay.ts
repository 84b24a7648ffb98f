import type { DocuElevateLab } from '../../src/lab/docuelevate/server.js';
import type { Exchange } from '../support/recordings.js';
import { call, type Reply } from './call.js';
import { visit, type Visitor } from './docuelevate-visitor.js';
import { type Difference, normalize, type Played } from './replay.js';

/** What a real DocuElevate and the simulated one cannot share. */
export const differences: readonly Difference[] = [
  {
    why: 'random for each session',
    matches: /session=[^;]+/,
    becomes: 'session=<signed>',
  },
  {
    why: 'the header’s attributes count, not their capitals',
    matches: /HttpOnly; SameSite/,
    becomes: 'httponly; samesite',
  },
  {
    why: 'the vendor’s own text, which is not copied',
    field: /^description$/,
    matches: /^[^]*$/,
    becomes: '<description>',
  },
  {
    why: 'the page is HTML of the vendor',
    matches: /^<(!doctype )?html[^]*$/i,
    becomes: '<html>',
  },
  {
    why: 'ids are random',
    matches: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g,
    becomes: '<uuid>',
  },
  {
    why: 'time goes on',
    matches: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/,
    becomes: '<naive time in seconds>',
  },
  {
    why: 'time goes on',
    matches: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/,
    becomes: '<time in microseconds with offset>',
  },
];

/** Sends what was sent to the real one. */
export interface Sender {
  readonly admin: Visitor;
  send(exchange: Exchange): Promise<Reply>;
}

export function createSender(lab: DocuElevateLab): Sender {
  const admin = visit(lab);
  const forms: Readonly<Record<string, () => URLSearchParams>> = {
    'login with a wrong password': () => loginForm(admin, { password: 'wrong' }),
    'login without the token': () => loginForm(admin, { password: 'wrong', csrf_token: '' }),
    login: () => loginForm(admin, { password: lab.adminPassword }),
  };

  async function send({ name, request }: Exchange): Promise<Reply> {
    if (!request) throw new Error('nothing was asked');
    const { method, path, auth, body } = request;
    const form = request.bodyKind === 'form' ? forms[name]?.() : undefined;
    if (form?.get('csrf_token') === '') return call(lab.url + path, { method, body: form });
    const by = auth === 'none' && !form && name !== 'login page' ? visit(lab) : admin;
    if (form) return by.send(method, path, { body: form });
    const headers: Record<string, string> = auth === 'cookie only' ? { 'x-csrf-token': '' } : {};
    return by.send(method, path, body === null ? { headers } : { headers, json: body });
  }
  return { admin, send };
}

function loginForm(admin: Visitor, fields: Readonly<Record<string, string>>): URLSearchParams {
  return new URLSearchParams({ username: 'admin', csrf_token: admin.csrf(), ...fields });
}

/** Both answers with what must differ replaced. Of the headers those that were recorded, and a cookie that was not. */
export function bothAnswers({ status, headers = {}, json, text }: Exchange, reply: Reply): Played {
  const names = [...new Set([...Object.keys(headers), 'set-cookie', 'location'])];
  const seen = Object.fromEntries(
    names.flatMap((name) => {
      const value = reply.headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
  const body = json === undefined ? { text } : { json };
  const real = { status, headers, ...body };
  const simulated = {
    status: reply.status,
    headers: seen,
    ...(json === undefined ? { text: reply.text } : { json: reply.json }),
  };
  return { real: normalize(real, differences), simulated: normalize(simulated, differences) };
}
