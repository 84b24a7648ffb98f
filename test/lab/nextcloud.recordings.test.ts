import { type NextcloudLab, startNextcloudLab } from '../../src/lab/nextcloud/server.js';
import { describeRecording, type Exchange, leaveTally, readRecording } from '../support/recordings.js';
import { call, type Reply } from './call.js';
import { type Difference, normalize, type Played, replay } from './replay.js';

const file = 'nextcloud-32.0.1.json';

interface Entry extends Omit<Exchange, 'headers'> {
  readonly request?: Exchange['request'] & { readonly headers?: Readonly<Record<string, string>> };
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** The address it came from, where that mattered. */
  readonly client?: string;
  /** How far the server's clock was ahead. */
  readonly clock?: string;
  readonly command?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly exit?: number;
}

let lab: NextcloudLab;
const begun = Date.UTC(2026, 10, 28, 20);
let now = begun;
/** Values of the recording, and what the lab has in their place. */
const values = new Map<string, string>();
/** Cookies of the session that one part of the recording keeps. */
let cookie = '';
/** Numbers of the recording's app passwords begin where others ended. */
let idsBefore = 57;

const differences: readonly Difference[] = [
  { why: 'random', field: /^apppassword$|^text$/, matches: /\b[\dA-Za-z]{72}\b/, becomes: '<app password>' },
  { why: 'time goes on', field: /^text$/, matches: /"lastActivity":\d+/g, becomes: '"lastActivity":0' },
];

/** Fields of long answers that no client of the lab goes by. */
const shown = ['enabled', 'id', 'backend', 'displayname', 'backendCapabilities', 'apppassword'];

const names = ['content-type', 'www-authenticate', 'retry-after'];

const notPlayed: readonly (readonly [RegExp, string])[] = [
  [/^login flow/, 'a person signs in with a browser, which the lab has no pages for'],
  [/: confirm(,|$)/, 'a page asks its user for the password again, which the lab has no pages for'],
  [/^throttling: login flow/, 'a person signs in with a browser, which the lab has no pages for'],
];

/** Of an answer what a client goes by: of XML the exception and its words, of a folder's list what there is. */
function comparable(
  status: number,
  headers: Record<string, unknown>,
  body: { json?: unknown; text?: string },
): unknown {
  const kept = Object.fromEntries(names.map((name) => [name, headers[name] ?? null]));
  if (body.json !== undefined) return { status, ...kept, json: cut(body.json) };
  return { status, ...kept, text: wordsOf(body.text ?? '') };
}

function cut(json: unknown): unknown {
  const { ocs, ...others } = json as { ocs?: { meta: unknown; data: Record<string, unknown> } };
  if (!ocs) return Array.isArray(json) ? json : others;
  const { meta, data } = ocs;
  if (Array.isArray(data)) return { meta, data };
  return { meta, data: Object.fromEntries(Object.entries(data).filter(([name]) => shown.includes(name))) };
}

function wordsOf(text: string): unknown {
  const exception = /<s:exception>(.*)<\/s:exception>/.exec(text)?.[1];
  if (exception !== undefined) {
    const words =
      /Username or password was incorrect|Principal with name .* not found|maintenance mode|Account disabled|password login forbidden|too many requests/;
    return { exception, words: words.exec(text)?.[0] ?? null };
  }
  if (text.includes('<d:multistatus')) return [...text.matchAll(/<d:href>(.*?)<\/d:href>/g)].map(([, href]) => href);
  if (text.includes('<ocs>')) return text.match(/<(status|statuscode|message|id|apppassword)>[^<]*/g);
  return text;
}

/** The lab's own values in place of the recording's. */
function known(text: string): string {
  return [...values].reduce((changed, [theirs, ours]) => changed.replaceAll(theirs, ours), text);
}

async function send({ name, request, client }: Entry): Promise<Reply> {
  const { method = '', path = '', auth = 'none', body, bodyKind } = request ?? {};
  const headers: Record<string, string> = { ...request?.headers, 'x-forwarded-for': client ?? '192.0.2.1' };
  if (auth !== 'none') headers['authorization'] = `Basic ${Buffer.from(known(auth)).toString('base64')}`;
  const keepsCookies = name.startsWith('cookies kept');
  if (keepsCookies && cookie) headers['cookie'] = cookie;
  if (bodyKind === 'json') headers['content-type'] = 'application/json';
  const own = path.replace(/authtokens\/(\d+)/, (_, id: string) => `authtokens/${Number(id) - idsBefore}`);
  const fields = body as Record<string, string> | string | null | undefined;
  const text = typeof fields === 'object' && fields !== null ? new URLSearchParams(fields) : (fields ?? null);
  const reply = await call(lab.url + own, { method, headers, body: bodyKind === 'json' ? JSON.stringify(body) : text });
  const given = reply.headers.getSetCookie().map((line) => line.split(';')[0] ?? '');
  if (keepsCookies && given.length > 0) cookie = given.join('; ');
  return reply;
}

/** What an administrator typed on the server, as the lab has it. */
function command({ command: typed = '', env = {} }: Entry): { exit: number; text?: string } | null {
  const [, verb = '', ...words] = typed.split(' ');
  const last = words.at(-1) ?? '';
  if (verb === 'user:auth-tokens:list') return last === 'nobody-here' ? { exit: 1 } : listed();
  if (verb === 'user:auth-tokens:add') return { exit: 0, text: `app password:\n${added(env['NC_PASS'] ?? '')}\n` };
  if (verb === 'user:auth-tokens:delete') return deleted(words[0] ?? '', Number(last) - idsBefore);
  if (verb === 'user:resetpassword') return reset(last, env['OC_PASS'] ?? '');
  const on = /--on|value=true/.test(typed);
  if (verb === 'maintenance:mode') lab.server.maintenance = on;
  else if (verb === 'twofactorauth:enforce') lab.server.secondFactorForAll = on;
  else if (typed.includes('token_auth_enforced')) lab.server.appPasswordsOnly = on;
  else if (verb === 'security:bruteforce:reset') lab.forgiveAttempts(last);
  else if (verb === 'security:bruteforce:attempts') return { exit: 0, text: `attempts: ${lab.attempts(last)}` };
  else return null;
  return { exit: 0 };
}

function listed(): { exit: number; text: string } {
  const living = lab.appPasswords().filter(({ deleted }) => !deleted);
  return { exit: 0, text: JSON.stringify(living.map(({ name }) => ({ name }))) };
}

function added(accountPassword: string): string {
  const { account } = lab;
  const right = account.password;
  account.password = accountPassword; // the command takes whatever it is given
  const value = lab.createAppPassword('cli');
  account.password = right;
  return value;
}

/** For another user it says that it did, and does nothing. */
function deleted(user: string, id: number): { exit: number } {
  const found = lab.appPasswords().find((each) => each.id === id && !each.deleted);
  if (found && user === lab.username) lab.kill(found.value);
  return { exit: found ? 0 : 1 };
}

function reset(user: string, password: string): { exit: number } {
  if (user !== lab.username || password.length < 10) return { exit: 1 };
  lab.account.password = password;
  return { exit: 0 };
}

function playCommand(entry: Entry): Played {
  const simulated = command(entry);
  if (simulated === null) return { notPlayed: 'a command on the server that the lab has nothing for' };
  const { exit, text } = simulated;
  if (text === undefined) return { real: { exit: entry.exit }, simulated: { exit } };
  learn(entry, text);
  return both({ exit: entry.exit, text: listOf(entry.text ?? '') }, { exit, text: listOf(text) });
}

/** Names of a list, in whatever form, without the sessions that browsers have. */
function listOf(text: string): unknown {
  const rows = [...text.matchAll(/^\| \d+ +\| (.*?) +\|/gm)].map(([, name]) => name);
  const names = text.startsWith('[') ? (JSON.parse(text) as { name: string }[]).map(({ name }) => name) : rows;
  if (names.length > 0 || text === '' || text.startsWith('['))
    return names.filter((name) => !/^(Mozilla|keyturn)\/\S+/.test(name ?? ''));
  return /attempts: \d+/.exec(text)?.[0] ?? text.replace(/^No password provided.*\n/, '');
}

function learn(entry: Entry, ours: string): void {
  const secret = /\b[\dA-Za-z]{72}\b/;
  const [theirs, own] = [secret.exec(entry.text ?? JSON.stringify(entry.json ?? '')), secret.exec(ours)];
  if (theirs && own) values.set(theirs[0], own[0]);
}

function both(real: unknown, simulated: unknown): Played {
  return { real: normalize(real, differences), simulated: normalize(simulated, differences) };
}

async function begin(password: string): Promise<void> {
  lab = await startNextcloudLab({ clock: () => now, adminPassword: 'Admin-example-pass-1', accountPassword: password });
  lab.addUser('ordinary', 'Ordinary-example-pass-1');
}

function minutesAhead({ clock = '' }: Entry): number {
  return Number(/^(\d+) minutes/.exec(clock)?.[1] ?? 0);
}

async function play(entry: Entry, index: number): Promise<Played> {
  if (index === 0) await begin('Victim-example-pass-1');
  if (entry.name === 'life of app passwords: who am I with the account password') {
    await lab.stop();
    await begin('First-example-pass-1');
    idsBefore = 76;
  }
  if (entry.name === 'login flow in a browser: poll after the grant')
    learn(entry, lab.createAppPassword('keyturn DocuElevate nonce-hhhh8888')); // a person agreed
  const ahead = minutesAhead(entry) || Number(/, (\d+) minutes (ahead|later)/.exec(entry.name)?.[1] ?? 0);
  now = begun + (entry.at ?? 0) * 1000 + ahead * 60_000;
  const why = notPlayed.find(([matches]) => matches.test(entry.name))?.[1];
  if (why !== undefined) return { notPlayed: why };
  if (entry.command !== undefined) return playCommand(entry);
  const reply = await send(entry);
  learn(entry, reply.text);
  const headers = Object.fromEntries(names.map((name) => [name, reply.headers.get(name)]));
  const { status = 0, json, text } = entry;
  const body = json === undefined ? { text: reply.text } : { json: reply.json };
  return both(
    comparable(status, entry.headers ?? {}, { json, text: text ?? '' }),
    comparable(reply.status, headers, body),
  );
}

describeRecording('the Nextcloud lab, held against a recording of Nextcloud 32', () => {
  it('answers what the real one did, in that order', async () => {
    const { differences: found, tally } = await replay(readRecording<Entry>(file).exchanges, play);

    await lab.stop();
    leaveTally(file, tally);
    expect(found).toEqual([]);
  });
});
