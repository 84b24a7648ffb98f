import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { findTemporalBinary, type TemporalBinary } from '../../src/temporal/binary.js';
import { readEnvironment } from '../../src/temporal/environment.js';
import { fakeTemporal, refusal, removeTemporaryDirectories, script, temporaryDirectory } from './support.js';

const nobody = 'http://127.0.0.1:9'; // the discard port: refused at once

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
const kept = (): string => join(home, 'cache', 'keyturn', 'temporal-1.8.2', 'temporal');

function find(from: { downloadFrom?: string; cli?: string } = {}): Promise<TemporalBinary> {
  const environment = readEnvironment({
    PATH: `${join(home, 'bin')}:/usr/bin:/bin`,
    HOME: home,
    XDG_CACHE_HOME: join(home, 'cache'),
    KEYTURN_TEMPORAL_CLI: from.cli,
  });
  return findTemporalBinary({
    report: (line) => lines.push(line),
    environment,
    downloadFrom: from.downloadFrom ?? nobody,
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

function archive(): Buffer {
  fakeTemporal(join(home, 'archive', 'temporal'));
  return execFileSync('tar', ['-czf', '-', '-C', join(home, 'archive'), 'temporal']);
}

/** A Go that "builds" a stand-in and writes down how it was called. */
function fakeGo(version = 'go1.26.8'): void {
  script(
    bin('go'),
    `if [ "$1" = env ]; then echo ${version}; exit; fi`,
    `echo "$PWD CGO_ENABLED=$CGO_ENABLED $*" >> ${join(home, 'builds')}`,
    'while [ "$1" != -o ]; do shift; done',
    `printf '#!/bin/sh\\necho "temporal version 1.8.2 (Server 1.31.2, UI 2.50.1)"\\n' > "$2"`,
    'chmod +x "$2"',
  );
}

it('takes the executable that KEYTURN_TEMPORAL_CLI names, whatever is on PATH', async () => {
  fakeTemporal(bin('temporal'));
  const cli = fakeTemporal(join(home, 'own', 'my-temporal'), '1.32.0');

  const found = await find({ cli });

  expect(found).toEqual({ path: cli, version: '1.8.2', serverVersion: '1.32.0', source: 'KEYTURN_TEMPORAL_CLI' });
});

it('refuses a KEYTURN_TEMPORAL_CLI that does not run instead of taking another', async () => {
  fakeTemporal(bin('temporal'));

  const refused = await refusal(find({ cli: join(home, 'missing') }));

  expect(refused.state).toContain(`${join(home, 'missing')} does not run`);
});

it('takes the one on PATH before the one in the cache', async () => {
  fakeTemporal(bin('temporal'));
  fakeTemporal(kept());

  const found = await find();

  expect(found).toMatchObject({ path: bin('temporal'), source: 'PATH' });
  expect(lines).toEqual([`Temporal server 1.31.2: ${bin('temporal')} (found on PATH)`]);
});

it.each([
  ['is too old', (path: string) => fakeTemporal(path, '1.30.4')],
  ['is another program', (path: string) => script(path, 'echo temporal antennas 3')],
  ['does not run', (path: string) => script(path, 'exit 1')],
])('passes over a temporal on PATH that %s', async (_, make) => {
  make(bin('temporal'));
  fakeTemporal(kept());

  const found = await find();

  expect(found).toMatchObject({ path: kept(), source: 'cache' });
});

it('downloads the archive for this machine and keeps the executable', async () => {
  const asked: string[] = [];
  const body = archive();
  const downloadFrom = await downloads((path) => (asked.push(path), body));

  const found = await find({ downloadFrom });
  const again = await find({ downloadFrom });

  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  expect(asked).toEqual([`/cli/archive/v1.8.2?platform=${process.platform}&arch=${arch}`]);
  expect(found).toMatchObject({ path: kept(), source: 'download' });
  expect(lines[0]).toMatch(/^Temporal server 1\.31\.2: downloaded in \d+ s, kept in /);
  expect(again.source).toBe('cache');
});

it.each([
  ['is cut short', () => archive().subarray(0, 60)],
  ['is no archive', () => Buffer.from('<html>')],
])('keeps nothing of a download that %s, and builds instead', async (_, body) => {
  fakeGo();
  const sent = body();

  const found = await find({ downloadFrom: await downloads(() => sent) });

  expect(found.source).toBe('build');
});

it('gives a download that nobody answers up after 5 seconds', async () => {
  const startedAt = Date.now();

  await refusal(find({ downloadFrom: await downloads(() => 'nothing') }));

  expect(Date.now() - startedAt).toBeLessThan(7_000);
});

it('builds from tools/temporal when nothing can be downloaded, and says so', async () => {
  fakeGo();

  const found = await find();

  expect(found).toMatchObject({ path: kept(), source: 'build' });
  expect(readFileSync(join(home, 'builds'), 'utf8')).toMatch(
    /tools\/temporal CGO_ENABLED=0 build -trimpath -ldflags -s -w -X \S+\.Version=1\.8\.2 -o \S+ github\.com\/temporalio\/cli\/cmd\/temporal\n/,
  );
  expect(lines.at(-1)).toMatch(/^Temporal server 1\.31\.2: built from source in \d+ s, kept in /);
  expect(readdirSync(join(home, 'cache', 'keyturn', 'temporal-1.8.2')).sort()).toEqual(['install.lock', 'temporal']);
});

it('builds once when two look at the same time', async () => {
  fakeGo();

  const found = await Promise.all([find(), find()]);

  expect(found.map(({ path }) => path)).toEqual([kept(), kept()]);
  expect(readFileSync(join(home, 'builds'), 'utf8').trim().split('\n')).toHaveLength(1);
});

it('names every way to install one when nothing works', async () => {
  fakeGo('go1.25.9');

  const { state, next } = await refusal(find());

  expect(state).toMatch(
    /PATH: .*\n.*cache: .*\n.*download: .*cannot be reached\n.*build: Go 1\.25\.9 is older than 1\.26\.4/,
  );
  expect(next).toMatch(/setup-cli(.|\n)*KEYTURN_TEMPORAL_CLI(.|\n)*go\.dev(.|\n)*TEMPORAL_ADDRESS/);
  expect(existsSync(kept())).toBe(false);
});
