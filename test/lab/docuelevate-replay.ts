import { randomUUID } from 'node:crypto';
import { FormData, request } from 'undici';
import type { ComingLine } from '../../src/lab/docuelevate/engine.js';
import type { DocuElevateLab } from '../../src/lab/docuelevate/server.js';
import type { Exchange } from '../support/recordings.js';
import type { Reply } from './call.js';
import { visit, type Visitor } from './docuelevate-visitor.js';
import { type Difference, normalize, type Played } from './replay.js';

/** What a real DocuElevate and the simulated one cannot share. */
export const differences: readonly Difference[] = [
  { why: 'random for each session', matches: /session=[^;]+/, becomes: 'session=<signed>' },
  { why: 'a header says the same in capitals', matches: /HttpOnly; SameSite/, becomes: 'httponly; samesite' },
  {
    why: 'text of the vendor, which is not copied',
    field: /^(description|display_name|help_link_label|last_run_detail)$/,
    matches: /^[^]*$/,
    becomes: '<text>',
  },
  { why: 'a page of the vendor', matches: /^<(!doctype )?html[^]*$/i, becomes: '<html>' },
  {
    why: 'a made-up key of the simulated OpenAI',
    field: /^(value|text)$/,
    matches: /\bsk-[a-z]\*+/,
    becomes: '<masked key>',
  },
  { why: 'random', field: /^token_prefix$/, matches: /^de_[\w-]{9}$/, becomes: '<prefix>' },
  { why: 'comments of the vendor, which are not copied', field: /^text$/, matches: /^(#.*\n+)+/, becomes: '' },
  { why: 'the address of a server', field: /^(url|text)$/, matches: /127\.0\.0\.1:\d+/g, becomes: '<address>' },
  {
    why: 'random',
    matches: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g,
    becomes: '<uuid>',
  },
  { why: 'random', matches: /(intake_\d+_)[0-9a-f]{32}/, becomes: '$1<hex>' },
  { why: 'the documents are not the same', field: /^filehash$/, matches: /^[0-9a-f]{64}$/, becomes: '<sha256>' },
  { why: 'the documents are not the same', field: /^message$/, matches: /Hash: [0-9a-f]{10}/, becomes: 'Hash: <hash>' },
  { why: 'its work folder held others before', matches: /(_Letter)(-\d{4})?(?=[._])/g, becomes: '$1<number>' },
  { why: 'its work folder', matches: /\/srv\/docuelevate\/work\//g, becomes: '/workdir/' },
  { why: 'the address it was called by', matches: /http:\/\/127\.0\.0\.1:\d+\/api/, becomes: '<address>/api' },
  { why: 'a page of another server, cut by the recorder', matches: /( to WebDAV: )4[^]*$/, becomes: '$1<refusal>' },
  {
    why: 'the words of Nextcloud, which were a stand-in’s in the recording and cut by the recorder',
    matches: /( to Nextcloud: 401 - <\?xml)[^]*$/,
    becomes: '$1 <refusal>',
  },
  { why: 'the words of Microsoft, which are not copied', matches: /(AADSTS\d+: ).*$/, becomes: '$1…' },
  { why: 'cut by the recorder', matches: /(Overwrite permissio).*$/, becomes: '$1…' },
  { why: 'time goes on', matches: /_\d{8}_\d{6}(?=\.pdf)/, becomes: '_<time>' },
  { why: 'a number of that Paperless', matches: /Doc ID \d+/, becomes: 'Doc ID <number>' },
  { why: 'the real one had more destinations', matches: /^Queued \d+/, becomes: 'Queued <number>' },
  { why: 'time goes on', matches: /^1\d{9}\.[\d.]+$/, becomes: '<seconds>' },
  {
    why: 'time goes on',
    matches: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/,
    becomes: '<naive time in seconds>',
  },
  { why: 'time goes on', matches: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/, becomes: '<naive time in microseconds>' },
  {
    why: 'time goes on',
    matches: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/,
    becomes: '<time in microseconds with offset>',
  },
  { why: 'time goes on', matches: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/, becomes: '<time in microseconds, UTC>' },
];

interface RecordedLine {
  readonly id: number;
  readonly step_name: string;
  readonly status: string;
  readonly timestamp: string;
}

/** Makes the worker write its lines in the recorded order and at the recorded times, and no further than the recording had got. */
export interface Pace {
  readonly clock: () => number;
  readonly beforeLine: (line: ComingLine) => Promise<void>;
  /** Lets the worker come to where the real one was when it answered. */
  upTo(answer: unknown): Promise<void>;
}

export function createPace(exchanges: readonly Exchange[]): Pace {
  const script = [...new Map(exchanges.flatMap(({ json }) => linesOf(json)).map((line) => [line.id, line])).values()];
  script.sort((a, b) => a.id - b.id);
  const waiting: { readonly line: ComingLine; readonly write: () => void }[] = [];
  let [written, last, now] = [0, 0, Date.now()];
  let arrived = (): void => undefined;
  let stuck = false;

  /** One line after the other: each is written before the clock goes on. */
  function release(): void {
    const next = script[written];
    if (next && next.id > last) return arrived();
    const at = waiting.findIndex(({ line }) => !next || (line.step === next.step_name && line.status === next.status));
    const [found] = at < 0 ? [] : waiting.splice(at, 1);
    if (!found) return next ? undefined : arrived();
    if (next) [written, now] = [written + 1, timeOf(next.timestamp)];
    found.write();
    setImmediate(release);
  }
  return {
    clock: () => now,
    beforeLine: (line) =>
      new Promise((write) => {
        waiting.push({ line, write });
        setImmediate(release);
      }),
    async upTo(answer) {
      last = Math.max(last, ...linesOf(answer).map(({ id }) => id));
      const time = /"(?:created|updated|changed)_at": ?"([^"]+)"/.exec(JSON.stringify(answer ?? null))?.[1];
      if (time !== undefined && linesOf(answer).length === 0) now = Math.max(now, timeOf(time));
      const there = (): boolean => (script[written]?.id ?? Infinity) > last;
      if (there()) return;
      if (stuck) throw new Error('the worker had stopped before');
      await new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => {
          stuck = true;
          reject(new Error(whyNot(script[written], waiting)));
        }, 2000);
        arrived = () => {
          if (!there()) return;
          clearTimeout(late);
          resolve();
        };
        release();
      });
    },
  };
}

function whyNot(next: RecordedLine | undefined, waiting: readonly { readonly line: ComingLine }[]): string {
  const lines = waiting.map(({ line }) => `${line.step} ${line.status}`).join(', ');
  return `the worker does not write ${next?.id} ${next?.step_name} ${next?.status}; it would write: ${lines || 'nothing'}`;
}

function linesOf(json: unknown): readonly RecordedLine[] {
  const { logs } = (json ?? {}) as { logs?: readonly RecordedLine[] };
  return Array.isArray(logs) ? (logs as readonly RecordedLine[]) : [];
}

/** With microseconds as a fraction. */
function timeOf(text: string): number {
  const [, seconds = '', fraction = '0'] = /^(.{19})(?:\.(\d{6}))?/.exec(text) ?? [];
  return Date.parse(`${seconds}Z`) + Number(fraction) / 1000;
}

/** Sends what was sent to the real one. */
export interface Sender {
  send(exchange: Exchange, index: number): Promise<Reply>;
}

export function createSender(lab: DocuElevateLab, exchanges: readonly Exchange[]): Sender {
  const [admin, tasks] = [visit(lab), new Map<string, string>()];
  let paper = '';

  /** A document of the size and with as much text as the next one that was seen. */
  function document({ name, status }: Exchange, index: number): string {
    if (/^the same/.test(name) || status !== 202) return paper;
    const later = JSON.stringify(exchanges.slice(index + 1));
    const [size, length] = [/"file_size":(\d+)/, /Extracted (\d+) characters/].map((each) =>
      Number(each.exec(later)?.[1]),
    );
    paper = pdf(size ?? 700, length ?? 100);
    return paper;
  }
  function bodyOf(exchange: Exchange, index: number): Parameters<Visitor['send']>[2] {
    const { bodyKind, body, auth } = exchange.request ?? {};
    const headers: Record<string, string> = auth === 'cookie only' ? { 'x-csrf-token': '' } : {};
    if (bodyKind === 'form') return { body: loginForm(lab, exchange, admin) };
    if (bodyKind !== 'multipart') return body === null ? { headers } : { headers, json: body };
    const form = new FormData();
    for (const [field, value] of Object.entries(body as Record<string, string>)) {
      if (field === 'file')
        form.append(field, new Blob([document(exchange, index)], { type: 'application/pdf' }), value);
      else form.append(field, value);
    }
    return { body: form };
  }
  return {
    async send(exchange, index) {
      const { method = 'GET', path = '', auth } = exchange.request ?? {};
      const stranger = auth === 'none' && exchange.request?.bodyKind !== 'form' && exchange.name !== 'login page';
      const by = stranger || exchange.name === 'login without the token' ? visit(lab) : admin;
      const own = path.replaceAll(/[0-9a-f-]{36}/g, (id) => tasks.get(id) ?? id);
      const reply =
        exchange.name === 'another host'
          ? await fromElsewhere(lab.url + path)
          : await by.send(method, own, bodyOf(exchange, index));
      const recorded = (exchange.json as { task_id?: string } | undefined)?.task_id;
      if (recorded !== undefined && !tasks.has(recorded)) tasks.set(recorded, String(reply.at('task_id')));
      return reply;
    },
  };
}

/** fetch does not let anybody choose the header. */
async function fromElsewhere(url: string): Promise<Reply> {
  const { statusCode, headers, body } = await request(url, { headers: { host: 'elsewhere.example' } });
  const known = new Headers(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  return { ...empty, status: statusCode, headers: known, text: await body.text() };
}

const empty = { json: undefined, at: () => undefined, string: String, list: () => [] };

function loginForm(lab: DocuElevateLab, { name }: Exchange, admin: Visitor): URLSearchParams {
  const password = name === 'login' ? lab.adminPassword : 'wrong';
  const fields = { username: lab.adminUsername, password };
  return new URLSearchParams(name === 'login without the token' ? fields : { ...fields, csrf_token: admin.csrf() });
}

function pdf(size: number, characters: number): string {
  const words = randomUUID()
    .padEnd(characters - 1, ' text')
    .slice(0, characters - 1);
  const start = `%PDF-1.4 (${words}) Tj `;
  return start.padEnd(size, '%');
}

/** Fields that showed a moment in which the simulated one does not stay. */
const moments: readonly { readonly exchange: string; readonly field: string; readonly why: string }[] = [
  {
    exchange: 'postgresql 45',
    field: 'last_step',
    why: 'the next line was written between the two queries of this answer',
  },
  {
    exchange: 'postgresql 66',
    field: 'processed',
    why: 'the copy had its name in the log already, and not yet in the row: 13 ms',
  },
  { exchange: 'audit 58', field: 'intake_id', why: 'there had been others before the recording' },
  { exchange: 'audit 72', field: 'intake_id', why: 'there had been others before the recording' },
];

/** Both answers with what must differ replaced. Of the headers those that were recorded, and those that tell of a session or another place. */
export function bothAnswers({ status, headers = {}, json, text }: Exchange, reply: Reply, id = ''): Played {
  const names = [...new Set([...Object.keys(headers), 'set-cookie', 'location'])];
  const seen = Object.fromEntries(
    names.flatMap((name) => {
      const value = reply.headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
  const bodies = json === undefined ? [{ text }, { text: reply.text }] : [{ json }, { json: reply.json }];
  return both({ status, headers, ...bodies[0] }, { status: reply.status, headers: seen, ...bodies[1] }, id);
}

/** The two with everything replaced that must differ. */
export function both(real: unknown, simulated: unknown, id = ''): Played {
  const passing = moments
    .filter(({ exchange }) => exchange === id)
    .map(({ field, why }) => ({ why, field: new RegExp(`^${field}$`), matches: /^.*$/, becomes: '<passing>' }));
  const all = [...differences, ...passing];
  return { real: normalize(real, all), simulated: normalize(simulated, all) };
}

/** An answer as the recorder of some files kept it: of long lists those entries, and of a document those parts, that it was about. */
export function asKept({ json, onlySteps }: Exchange & { onlySteps?: string }, reply: Reply): Reply {
  const kept = cut(json, reply.json, onlySteps);
  return { ...reply, json: kept };
}

function cut(real: unknown, simulated: unknown, onlySteps?: string): unknown {
  const whole = simulated as { credentials?: { key: string }[]; history?: unknown[]; logs?: { step_name: string }[] };
  if (Array.isArray(real) && whole.credentials) {
    const keys = (real as { key: string }[]).map(({ key }) => key);
    return whole.credentials.filter(({ key }) => keys.includes(key));
  }
  if (typeof real !== 'object' || real === null) return simulated;
  if ('note' in real) return real; // nothing of the answer was kept
  const { history, logs } = real as { history?: unknown[]; logs?: unknown[] };
  if (history) return { ...whole, history: whole.history?.slice(0, history.length) };
  if (!logs) return simulated;
  const steps = new RegExp(onlySteps ?? '');
  const parts = Object.entries(whole).filter(([name]) => name in real);
  return { ...Object.fromEntries(parts), logs: whole.logs?.filter(({ step_name }) => steps.test(step_name)) };
}
