import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { findTemporalBinary, type TemporalBinary } from '../../src/temporal/binary.js';
import { readEnvironment } from '../../src/temporal/environment.js';
import { fakeTemporal, refusal, removeTemporaryDirectories, script, temporaryDirectory } from './support.js';

const nobody = 'http://127.0.0.1:9'; // the discard port: refused at once
const machine = `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;

let home: string;
let lines: string[];
const servers: Server[] = [];

beforeEach(() => {
  home = temporaryDirectory();
  lines = [];
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
  removeTemporaryDirectories();
});

const bin = (name: string): string => join(home, 'bin', name);
const kept = (): string => join(home, 'cache', 'keyturn', 'temporal-server-1.31.2', 'temporal-server');

interface From {
  readonly downloadFrom?: string;
  /** What is pinned as the archive for this machine; else nothing is pinned. */
  readonly archive?: Buffer;
  readonly server?: string;
}

function find({ downloadFrom = nobody, archive, server }: From = {}): Promise<TemporalBinary> {
  const environment = readEnvironment({
    PATH: `${join(home, 'bin')}:/usr/bin:/bin`,
    HOME: home,
    XDG_CACHE_HOME: join(home, 'cache'),
    KEYTURN_TEMPORAL_SERVER: server,
  });
  const pinned = archive ? { [machine]: createHash('sha256').update(archive).digest('hex') } : {};
  return findTemporalBinary({
    report: (line) => lines.push(line),
    environment,
    download: { from: downloadFrom, pinned },
  });
}

/** Serves what `answer` makes of a request's path, as Temporal's download site does. */
async function downloads(answer: (path: string) => Buffer | 'nothing'): Promise<string> {
  const server = createServer((request, response) => {
    const body = answer(request.url ?? '');
    if (body !== 'nothing') response.end(body);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What a release publishes, with other programs beside the server. */
function archive(version = '1.31.2'): Buffer {
  const folder = join(home, 'archive');
  fakeTemporal(join(folder, 'temporal-server'), version);
  fakeTemporal(join(folder, 'tdbg'));
  return execFileSync('tar', ['-czf', '-', '-C', folder, 'tdbg', 'temporal-server']);
}

/** A Go that "builds" a stand-in and writes down how it was called. */
function fakeGo(version = 'go1.26.8'): void {
  script(
    bin('go'),
    `if [ "$1" = env ]; then echo ${version}; exit; fi`,
    `echo "$PWD CGO_ENABLED=$CGO_ENABLED $*" >> ${join(home, 'builds')}`,
    'while [ "$1" != -o ]; do shift; done',
    `printf '#!/bin/sh\\necho "temporal version 1.31.2"\\n' > "$2"`,
    'chmod +x "$2"',
  );
}

it('takes the executable that KEYTURN_TEMPORAL_SERVER names, whatever is in the cache', async () => {
  fakeTemporal(kept());
  const server = fakeTemporal(join(home, 'own', 'my-server'), '1.32.0');

  const found = await find({ server });

  expect(found).toEqual({ path: server, serverVersion: '1.32.0', source: 'KEYTURN_TEMPORAL_SERVER' });
});

it.each([
  ['does not run', (path: string) => script(path, 'exit 1'), 'does not run'],
  ['is not there', () => undefined, 'does not run'],
  ['is too old', (path: string) => fakeTemporal(path, '1.30.4'), 'is Temporal server 1.30.4'],
  ['is another program', (path: string) => script(path, 'echo temporal antennas 3'), 'is not a Temporal server'],
  [
    'is the Temporal CLI',
    (path: string) => script(path, 'echo "temporal version 1.8.2 (Server 1.31.2, UI 2.50.1)"'),
    'is the Temporal CLI, whose server has no authentication',
  ],
])('refuses a KEYTURN_TEMPORAL_SERVER that %s instead of taking another', async (_, make, why) => {
  fakeTemporal(kept());
  make(join(home, 'chosen'));

  const refused = await refusal(find({ server: join(home, 'chosen') }));

  expect(refused.state).toContain(`${join(home, 'chosen')} ${why}`);
});

it('says which one it takes', async () => {
  fakeTemporal(kept());

  const found = await find();

  expect(found).toMatchObject({ path: kept(), source: 'cache' });
  expect(lines).toEqual([`Temporal server 1.31.2: ${kept()}`]);
});

it('downloads the archive that is pinned for this machine and keeps the server of it', async () => {
  const asked: string[] = [];
  const body = archive();
  const downloadFrom = await downloads((path) => (asked.push(path), body));

  const found = await find({ downloadFrom, archive: body });
  const again = await find({ downloadFrom, archive: body });

  expect(asked).toEqual([`/temporal_1.31.2_${machine}.tar.gz`]);
  expect(found).toMatchObject({ path: kept(), source: 'download' });
  expect(lines[0]).toMatch(/^Temporal server 1\.31\.2: downloaded in \d+ s, kept in /);
  expect(again.source).toBe('cache');
  expect(readdirSync(join(home, 'cache', 'keyturn', 'temporal-server-1.31.2')).sort()).toEqual([
    'install.lock',
    'temporal-server',
  ]);
});

it('asks nobody for an archive when none is pinned', async () => {
  const asked: string[] = [];
  const body = archive();

  const refused = await refusal(find({ downloadFrom: await downloads((path) => (asked.push(path), body)) }));

  expect(asked).toEqual([]);
  expect(refused.state).toContain(`download: none is pinned for ${machine}`);
});

it.each([
  ['is cut short', (whole: Buffer) => whole.subarray(0, 60)],
  ['is no archive', () => Buffer.from('<html>')],
  ['runs but is another one than pinned', () => archive('1.31.9')],
])('runs nothing of a download that %s, and builds instead', async (_, change) => {
  fakeGo();
  const whole = archive();
  const sent = change(whole);

  const found = await find({ archive: whole, downloadFrom: await downloads(() => sent) });

  expect(found).toMatchObject({ source: 'build', serverVersion: '1.31.2' });
});

it('gives a download that nobody answers up after 5 seconds', async () => {
  const startedAt = Date.now();

  await refusal(find({ archive: archive(), downloadFrom: await downloads(() => 'nothing') }));

  expect(Date.now() - startedAt).toBeLessThan(7_000);
});

it('builds from tools/temporal when nothing can be downloaded, and says so', async () => {
  fakeGo();

  const found = await find();

  expect(found).toMatchObject({ path: kept(), source: 'build' });
  expect(readFileSync(join(home, 'builds'), 'utf8')).toMatch(
    /tools\/temporal CGO_ENABLED=0 build -trimpath -ldflags -s -w -tags \S+ -o \S+ go\.temporal\.io\/server\/cmd\/server\n/,
  );
  expect(lines.at(-1)).toMatch(/^Temporal server 1\.31\.2: built from source in \d+ s, kept in /);
  expect(readdirSync(join(home, 'cache', 'keyturn', 'temporal-server-1.31.2')).sort()).toEqual([
    'install.lock',
    'temporal-server',
  ]);
});

it('builds once when two look at the same time', async () => {
  fakeGo();

  const found = await Promise.all([find(), find()]);

  expect(found.map(({ path }) => path)).toEqual([kept(), kept()]);
  expect(readFileSync(join(home, 'builds'), 'utf8').trim().split('\n')).toHaveLength(1);
});

it('names every way to install one when nothing works', async () => {
  fakeGo('go1.25.9');

  const { state, next } = await refusal(find({ archive: archive() }));

  expect(state).toMatch(/cache: .*\n.*download: .*cannot be reached\n.*build: Go 1\.25\.9 is older than 1\.26\.4/);
  expect(next).toMatch(/go\.dev(.|\n)*KEYTURN_TEMPORAL_SERVER(.|\n)*TEMPORAL_ADDRESS(.|\n)*TEMPORAL_PROFILE/);
  expect(existsSync(kept())).toBe(false);
});
