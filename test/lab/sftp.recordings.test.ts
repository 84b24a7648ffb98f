import ssh2, { type AnyAuthMethod } from 'ssh2';
import { nameOf } from '../../src/lab/sftp/keys.js';
import { type SftpLab, startSftpLab } from '../../src/lab/sftp/server.js';
import { describeRecording, leaveTally, readRecording } from '../support/recordings.js';
import { until } from '../support/temporal.js';
import { type Dialogue, startDialogue } from './sftp-dialogue.js';

const file = 'openssh-9.2p1.json';

/** A dialogue (C asks, S answers, L is the server's log), a change of authorized_keys, or a command about the account. */
interface Entry {
  readonly name: string;
  /** Seconds since the recording began; of a dialogue that stayed open across other entries its start. */
  readonly at: number;
  readonly protocol: 'ssh' | 'file' | 'command';
  readonly lines?: readonly string[];
  readonly command?: string;
  readonly exit?: number;
}

let lab: SftpLab;
let now = 0;
const start = Date.parse('2026-11-28T12:00:00Z');
const keys = { one: newKey(), two: newKey(), three: newKey() };

function newKey(): { readonly key: string; readonly line: string; readonly blob: string } {
  const { private: key, public: line } = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 });
  return { key, line, blob: line.split(' ')[1] ?? '' };
}

/**
 * What must differ, and why; whatever else differs fails. Left out besides: times, which were measured on another machine, and what
 * `chpasswd`, `passwd` and `chage` print, of which the lab has what they do.
 */
const differs: ReadonlyArray<readonly [why: string, alike: (lines: string[]) => string[]]> = [
  [
    'the account and its folder have other names; of the folder that is writable the recording has the name of another one',
    each((line) =>
      line
        .replace(lab.keysFile, '/srv/sftp/scans/.ssh/authorized_keys')
        .replace('directory /home/docuelevate/.ssh', 'directory /etc/ssh')
        .replaceAll(lab.username, 'scans'),
    ),
  ],
  [
    'addresses, ports, process numbers and amounts are of this connection',
    each((line) =>
      line
        .replaceAll('127.0.0.1', '192.0.2.10')
        .replace(/port \d+/g, 'port 50001')
        .replace(/pid \d+/, 'pid 4242')
        .replace(/sent \d+, received \d+/, 'sent N, received N'),
    ),
  ],
  [
    'keys are new ones, and fingerprints of the recording are no fingerprints',
    each((line) =>
      Object.values(keys).reduce(
        (text, { blob }, at) => text.replace(nameOf(blob), `ECDSA SHA256:${fake(at + 1)}`),
        line,
      ),
    ),
  ],
  [
    'the client of the recording signs at once, and ours asks first whether the key would do',
    (lines) => lines.filter((_, at) => ![at, at + 1].some((each) => lines[each]?.startsWith('Postponed publickey'))),
  ],
  [
    'the two clients have other words for being turned away, and for a server that hung up',
    each((line) =>
      line
        .replace(/S: refused \(Authentication failed: .*\)|S: SSHException: No existing session/, 'S: hung up')
        .replace('S: refused (Authentication failed.)', 'S: refused'),
    ),
  ],
];

function each(alike: (line: string) => string): (lines: string[]) => string[] {
  return (lines) => lines.map(alike);
}

function fake(number: number): string {
  return `${`FakeFingerprint${number}`.repeat(2)}FakeFingerp`;
}

function alike(lines: readonly string[]): string[] {
  return differs.reduce((text, [, make]) => make(text), [...lines]);
}

/** The recording's log windows caught the ends of connections that other entries are about; they are compared there. */
const caught: Readonly<Record<string, { readonly of: string; readonly from: number; readonly to: number }>> = {
  'key one': { of: 'which methods', from: 4, to: 5 },
  'permissions 644: key two': { of: 'session open while its key is taken away', from: 4, to: 9 },
};

function logOf({ name, lines = [] }: Entry): string[] {
  const log = lines.filter((line) => line.startsWith('L: ')).map((line) => line.slice(3));
  const { from, to } = caught[name] ?? { from: 0, to: 0 };
  log.splice(from, to - from);
  return log;
}

/** What others' windows caught of a connection whose own window missed the beginning; null where there is no such thing. */
function endOf({ name }: Entry, entries: readonly Entry[]): string[] | null {
  const [catcher, window] = Object.entries(caught).find(([, { of }]) => of === name) ?? [];
  const lines = entries.find((entry) => entry.name === catcher)?.lines ?? [];
  return window
    ? lines
        .filter((line) => line.startsWith('L: '))
        .slice(window.from, window.to)
        .map((line) => line.slice(3))
    : null;
}

/** authorized_keys as an entry says it is from then on. */
function change(name: string): void {
  const rights = { mode: 0o600, uid: 1000 };
  const [one, two] = [keys.one.line, keys.two.line];
  const write = (text: string, given = {}): void =>
    lab.files.put(lab.keysFile, { content: Buffer.from(text), ...rights, ...given });
  const inFourSeconds = new Date(start + (now + 4) * 1000);
  const local = [inFourSeconds.getFullYear(), inFourSeconds.getMonth() + 1, inFourSeconds.getDate()]
    .concat([inFourSeconds.getHours(), inFourSeconds.getMinutes(), inFourSeconds.getSeconds()])
    .map((part) => String(part).padStart(2, '0'))
    .join('');
  const changes: Readonly<Record<string, () => void>> = {
    start: () => write(`${one}\n`),
    both: () => write(`${one}\n${two}\n`),
    'key one taken away': () => write(`${two}\n`),
    'permissions 644': () => write(`${two}\n`, { mode: 0o644 }),
    'permissions 664': () => write(`${two}\n`, { mode: 0o664 }),
    'permissions 666': () => write(`${two}\n`, { mode: 0o666 }),
    owner: () => write(`${two}\n`, { uid: 1001 }),
    'folder group-writable': () => (lab.account.folderMode = 0o775),
    'file gone': () => lab.files.remove(lab.keysFile),
    empty: () => write(''),
    'no line end': () => write(two),
    CRLF: () => write(`${two}\r\n`),
    BOM: () => write(`\ufeff${two}\n`),
    'a garbage line before': () => write(`no key at all\n${two}\n`),
    'half a line': () => write(two.slice(0, 80)),
    'expires in 2030': () => write(`expiry-time="20300101" ${two}\n`),
    'expired in 2020': () => write(`expiry-time="20200101" ${two}\n`),
    'expires in 4 seconds': () => write(`expiry-time="${local}" ${two}\n`),
    'from another address': () => write(`from="203.0.113.0/24" ${two}\n`),
    restrict: () => write(`restrict ${two}\n`),
    back: () => write(`${two}\n`),
  };
  write(`${two}\n`);
  lab.account.folderMode = 0o700;
  const made = changes[name];
  if (!made) throw new Error(`the recording has a change that nobody plays: ${name}`);
  made();
}

/** What a command does to the account; its exit code. */
function command({ name, command: text = '' }: Entry): number {
  const { account: standing } = lab;
  const password = passwordFor[name];
  if (password !== undefined)
    return lab.changePassword(name.includes('unknown') ? 'nobody-here-x' : lab.username, password) ? 0 : 1;
  if (text.startsWith('passwd -l')) standing.state = 'locked';
  else if (text.startsWith('chage -E 0')) standing.state = 'expired';
  else if (/^passwd -u|^chage -E -1/.test(text)) standing.state = 'open';
  else throw new Error(`the recording has a command that nobody plays: ${text}`);
  return 0;
}

/** The recording does not name what was given to `chpasswd`. */
const passwordFor: Readonly<Record<string, string>> = {
  'change the password': 'second-example-pass-2',
  'password for an unknown user': 'any-example-1',
  'empty password': '',
};

function methodOf(ask: string, username: string): AnyAuthMethod {
  const [type, value = ''] = ask.split(' ');
  if (type === 'none') return { type: 'none', username };
  if (type === 'password') return { type: 'password', username, password: value };
  return { type: 'publickey', username, key: keys[value.replace('key-', '') as keyof typeof keys].key };
}

/** Who signs in is in the entry's name alone. */
function userOf(name: string): string {
  if (name.startsWith('unknown user')) return 'nobody-here';
  return name.startsWith('a user who is not allowed') ? 'www-data' : lab.username;
}

/** A dialogue that is being played; one may stay open while others are. */
interface Playing {
  readonly dialogue: Dialogue;
  readonly asks: string[];
  readonly said: string[];
  readonly logFrom: number;
}

const logged = (): string[] => lab.log().split('\n');
const isLast = (line = ''): boolean =>
  /^(Connection closed by .*\[preauth\]|Closing connection|Disconnecting )/.test(line);

function begin({ lines = [] }: Entry): Playing {
  const asks = lines.flatMap((line) => /^C: (.*) → S: /.exec(line)?.[1] ?? (line.startsWith('—') ? pause : []));
  return { dialogue: startDialogue(lab.port), asks, said: [], logFrom: logged().length };
}

/** Where something else happens meanwhile. */
const pause = '—';

/** Goes on to the end, or to the next pause. */
async function go({ dialogue, asks, said }: Playing, name: string): Promise<void> {
  for (let ask = asks.shift(); ask !== undefined && ask !== pause; ask = asks.shift()) {
    const answer = ask.startsWith('sftp list')
      ? await dialogue.list()
      : ask.startsWith('open a second sftp')
        ? await dialogue.openSftp()
        : await dialogue.offer(methodOf(ask, userOf(name)));
    said.push(`C: ${ask} → S: ${answer}`);
  }
}

describeRecording('the SFTP lab, held against a recording of OpenSSH', () => {
  beforeAll(async () => {
    lab = await startSftpLab({ clock: () => start + now * 1000, maxAuthTries: 3, startsIn: 'upload' });
    lab.account.password = 'first-example-pass-1';
  });
  afterAll(() => lab.stop());

  it('answers and logs what the real one did, in that order', async () => {
    const entries = readRecording<Entry>(file).exchanges;
    const open = new Map<string, Playing>();
    const real: Array<Record<string, unknown>> = [];
    const ours: typeof real = [];
    let played = 0;

    for (const [index, entry] of entries.entries()) {
      for (const later of entries.slice(index + 1).filter(({ at, protocol }) => protocol === 'ssh' && at < entry.at)) {
        if (open.has(later.name)) continue;
        open.set(later.name, begin(later));
        await go(open.get(later.name)!, later.name);
      }
      now = Math.max(now, entry.at);
      played++;
      if (entry.protocol === 'file') change(entry.name);
      if (entry.protocol === 'command') {
        real.push({ name: entry.name, exit: entry.exit });
        ours.push({ name: entry.name, exit: command(entry) });
      }
      if (entry.protocol !== 'ssh') continue;
      const { name, lines = [] } = entry;
      const playing = open.get(name) ?? begin(entry);
      await go(playing, name);
      playing.dialogue.end();
      await until(async () => logged().length > playing.logFrom && isLast(logged().at(-1)));
      const end = endOf(entry, entries);
      const log = alike(logged().slice(playing.logFrom)).slice(end ? -end.length : 0);
      const ident = lines.some((line) => line.startsWith('S: ')) ? [`S: ${playing.dialogue.ident()}`] : [];
      real.push({ name, said: alike(lines.filter((line) => /^[CS]: /.test(line))), log: alike(end ?? logOf(entry)) });
      ours.push({ name, said: alike([...ident, ...playing.said]), log });
    }

    expect(ours).toEqual(real);
    leaveTally(file, { played, total: entries.length, notPlayed: [] });
  });
});
