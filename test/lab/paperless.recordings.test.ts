import { FormData } from 'undici';
import { type PaperlessLab, startPaperlessLab } from '../../src/lab/paperless/server.js';
import { describeRecording, type Exchange, leaveTally, readRecording } from '../support/recordings.js';
import { call, type Reply } from './call.js';
import { type Difference, normalize, type Played, replay } from './replay.js';

const file = 'paperless-ngx-3.0.5.json';

interface Entry extends Exchange {
  readonly request?: Exchange['request'] & { readonly headers?: Readonly<Record<string, string>> };
}

let lab: PaperlessLab;
const begun = Date.UTC(2026, 10, 28, 19, 50);
let now = begun;
/** Tokens and tasks of the recording, and what the lab has in their place. */
const values = new Map<string, string>();

const differences: readonly Difference[] = [
  { why: 'random', matches: /^[\da-f]{40}$/, becomes: '<token>' },
  { why: 'random', matches: /[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}/, becomes: '<task>' },
  { why: 'time goes on', matches: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/, becomes: '<time>' },
  { why: 'time goes on', field: /_seconds$/, matches: /^[\d.]+$/, becomes: '<seconds>' },
  {
    why: 'the lab has the rights that matter for an upload',
    field: /^user_permissions$/,
    matches: /^.*$/,
    becomes: '<right>',
  },
  { why: 'a page of the vendor', matches: /^<!DOCTYPE html[^]*$/, becomes: '<page>' },
];

const names = ['content-type', 'www-authenticate', 'retry-after', 'location', 'x-api-version'];

const notPlayed: readonly (readonly [RegExp, string])[] = [
  [
    /^sign.in|^generate, session|^profile, session|living session/,
    'a person signs in with a browser, which the lab has no pages for',
  ],
  [/^profile, Accept text\/html|admin pages/, 'a page for people'],
  [/^users?[, ]|^own user/, 'the lab does not list users: tokens are not in there'],
  [/^(the )?documents?[ ,]|^(the )?documents?$/, 'the lab does not show documents'],
  [/^(statistics|ui_settings)/, 'the lab does not show what the start page shows'],
];

/** A user's rights as one text: the lab knows fewer of them. */
function comparable(
  status: number,
  headers: Record<string, unknown>,
  body: { json?: unknown; text?: string },
): unknown {
  const kept = Object.fromEntries(names.map((name) => [name, headers[name] ?? null]));
  const { user_permissions, ...others } = (body.json ?? {}) as { user_permissions?: unknown[] };
  if (user_permissions) return { status, ...kept, json: { ...others, user_permissions: 'some' } };
  return body.json === undefined ? { status, ...kept, text: body.text } : { status, ...kept, json: body.json };
}

/** The lab's own values in place of the recording's. */
function known(text: string): string {
  return [...values].reduce((changed, [theirs, ours]) => changed.replaceAll(theirs, ours), text);
}

function bodyOf({ name, request }: Entry): { body?: string | FormData | URLSearchParams; type?: string } {
  const { bodyKind, body } = request ?? {};
  if (body === null || body === undefined) return {};
  if (bodyKind === 'json') return { body: JSON.stringify(body), type: 'application/json' };
  const fields = Object.entries(body as Record<string, string>);
  if (bodyKind !== 'multipart') return { body: new URLSearchParams(body as Record<string, string>) };
  const form = new FormData();
  const content = name === 'upload of an empty file' ? '' : '%PDF-1.4 (a letter) Tj';
  for (const [field, value] of fields)
    if (field === 'document') form.append(field, new Blob([content], { type: 'application/pdf' }), value);
    else form.append(field, value);
  return { body: form };
}

async function send(entry: Entry): Promise<Reply> {
  const { method = '', path = '', auth = 'none' } = entry.request ?? {};
  const { body = null, type } = bodyOf(entry);
  const headers: Record<string, string> = { ...entry.request?.headers };
  if (type !== undefined) headers['content-type'] = type;
  if (/^(Token|Bearer)( |$)/.test(auth)) headers['authorization'] = known(auth);
  else if (auth !== 'none') headers['authorization'] = `Basic ${Buffer.from(auth).toString('base64')}`;
  return call(lab.url + known(path), { method, headers, body });
}

function learn({ json }: Entry, reply: Reply): void {
  const secret = /[\da-f]{40}|[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}/;
  const [theirs, ours] = [secret.exec(JSON.stringify(json ?? null)), secret.exec(reply.text)];
  if (theirs && ours) values.set(theirs[0], ours[0]);
}

async function begin(): Promise<void> {
  const accountPassword = 'Docuelevate-example-pass-1';
  lab = await startPaperlessLab({ clock: () => now, adminPassword: 'Admin-example-pass-1', accountPassword });
  lab.account.rights = ['add_document', 'view_document', 'view_uisettings'];
  lab.addUser('reader', 'Reader-example-pass-1');
}

async function play(entry: Entry, index: number): Promise<Played> {
  if (index === 0) await begin();
  now = begun + (entry.at ?? 0) * 1000;
  const why = notPlayed.find(([matches]) => matches.test(entry.name))?.[1];
  if (entry.name === 'generate, session with X-CSRFToken') values.set(String(entry.json), lab.generateToken());
  if (why !== undefined) return { notPlayed: why };
  const reply = await send(entry);
  learn(entry, reply);
  const headers = Object.fromEntries(names.map((name) => [name, reply.headers.get(name)]));
  const { status = 0, json, text = '' } = entry;
  const real = comparable(status, entry.headers ?? {}, json === undefined ? { text } : { json });
  const simulated = comparable(reply.status, headers, json === undefined ? { text: reply.text } : { json: reply.json });
  return { real: normalize(real, differences), simulated: normalize(simulated, differences) };
}

describeRecording('the Paperless lab, held against a recording of Paperless-ngx 3', () => {
  it('answers what the real one did, in that order', async () => {
    const { differences: found, tally } = await replay(readRecording<Entry>(file).exchanges, play);

    await lab.stop();
    leaveTally(file, tally);
    expect(found).toEqual([]);
  });
});
