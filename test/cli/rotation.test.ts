import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { findSecrets } from '../../src/lab/canary.js';
import type { DocuElevateLab } from '../../src/lab/docuelevate/server.js';
import type { OpenAiLab } from '../../src/lab/openai/server.js';
import type { Progress } from '../../src/domain/rotation.js';
import { loadKeyRing } from '../../src/store/key-ring.js';
import { openStore } from '../../src/store/open-store.js';
import { type Ended, expectTold, type Running, type Fixture, startFixture } from './fixture.js';

jest.setTimeout(60_000); // each command is a process of its own, and a test runs up to six

let fixture: Fixture;
let openai: OpenAiLab;
let engine: DocuElevateLab;
let up: Running;
let metrics: string;

beforeAll(async () => {
  fixture = await startFixture();
  openai = fixture.scenario.systems['openai'] as OpenAiLab;
  engine = fixture.scenario.systems['docuelevate'] as DocuElevateLab;
  await fixture.adopt();
  metrics = `127.0.0.1:${await freePort()}`;
  up = fixture.start(['up', '--metrics', metrics]);
  await up.says('Ready.');
});
afterAll(() => fixture.stop());
afterEach(() => openai.faults.clear());

const rotate = (...options: string[]): Promise<Ended> => fixture.keyturn('rotate', 'openai', ...options);
const current = async (): Promise<number> => {
  const { credentials } = (await fixture.keyturn('status', '--json')).json<{
    credentials: [{ current: { number: number } }];
  }>();
  return credentials[0].current.number;
};

/** What the workers' metrics say about people. */
async function needed(): Promise<string | undefined> {
  const text = await (await fetch(`http://${metrics}/metrics`)).text();
  return /^keyturn_needs_operator\{[^}]*credential="openai"[^}]*\} (\d)/m.exec(text)?.[1];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it('finds everything in place', async () => {
  const ended = await fixture.keyturn('check', '--json');

  expect(ended.code).toBe(0);
  expect(ended.json()).toMatchObject({ ok: true, warnings: 1 });
  expect(ended.stderr).toMatch(/Temporal {2}127\.0\.0\.1:\d+ \(embedded\)/);
});

it('warns without failing', async () => {
  const ended = await fixture.keyturn('check', 'openai');

  expect(ended.code).toBe(0);
  expect(ended.stdout).toMatch(/^! openai: environment {2}openai_api_key .*\n +Next {2}Add to openai/m);
  expect(ended.stdout).toContain('✔ Everything is in place, with 1 warning\n');
});

it('finds what is not in place', async () => {
  const key = readFileSync(join(fixture.dir, 'openai-admin'));
  writeFileSync(join(fixture.dir, 'openai-admin'), 'not an admin key');

  const ended = await fixture.keyturn('check');
  writeFileSync(join(fixture.dir, 'openai-admin'), key);

  expect(ended.code).toBe(1);
  expect(ended.stdout).toMatch(/✖ openai: openai project .*401/);
});

it('asks whether something else uses an adopted value, and takes the answer', async () => {
  const said = up.says('◷ openai  waits for a person: Nothing else uses the old key');
  const asked = await rotate('--reason', 'a test');
  await said;
  const [again, trouble] = await Promise.all([
    rotate('--grace', '1 hour'),
    fixture.keyturn('status', '--fail-on-trouble'),
  ]);
  const [gauge, log] = [await needed(), readFileSync(join(fixture.dir, 'temporal', 'keyturn.log'), 'utf8')];
  const decided = await fixture.keyturn(
    'decide',
    'openai',
    'skip',
    '--reason',
    'only the engine uses it',
    '--actor',
    'ada',
  );
  const followed = await fixture.keyturn('status', 'openai', '--follow');

  expect(asked.code).toBe(4);
  expect(asked.stdout).toMatch(/Impact +none: documents use version 2/);
  expect(asked.stdout).toMatch(/Safe until +no limit/);
  expect(asked.stdout).toMatch(/Live +version 1: replaced, and still usable\n +version 2: in force/);
  expect(asked.stdout).toMatch(/roll-back: puts version 1 in force again, takes "Update openai_api_key" back/);
  expect(asked.stdout).toMatch(/Next +Find out .*: keyturn decide openai skip --question \S+ --reason/); // trying again would ask the same
  expect(gauge).toBe('1');
  expect(log).toMatch(/"credential":"openai".*a rotation waits for its operator/);
  expect(again.stdout).toContain('is running already');
  expect(trouble.code).toBe(1);
  expect(trouble.stdout).toContain('waits for you');
  expect(trouble.stdout).toMatch(/abandon: stops here for good/);
  expect(decided.code).toBe(0);
  expect(followed.code).toBe(0);
  expect((await fixture.keyturn('ledger', '--limit', '200')).stdout).toMatch(
    /decided .*only the engine uses it · by ada/,
  );
  expect(fixture.scenario.working()).toEqual([fixture.scenario.engineHolds()]);
  expect(await needed()).toBe('0');
});

it('shows what was entered since a moment', async () => {
  const [recent, none, wrong] = await Promise.all([
    fixture.keyturn('ledger', '--since', '1h', '--json'),
    fixture.keyturn('ledger', '--since', new Date(Date.now() + 60_000).toISOString()),
    fixture.keyturn('ledger', '--since', '25:00'),
  ]);

  const { entries } = recent.json<{ entries: { at: string }[] }>();
  expect(entries.length).toBeGreaterThan(20); // more than without --since
  expect(entries.every(({ at }) => Date.now() - Date.parse(at) < 3_600_000)).toBe(true);
  expect(none.stdout).toContain('has no entries since');
  expect(wrong.code).toBe(2);
});

it('shows each step up to the proof', async () => {
  const { code, stdout, stderr } = await rotate('--reason', 'a test');

  expect([code, stderr]).toEqual([0, '']);
  for (const line of [
    '✔ replace   Create a new secret key',
    '✔ retire    Delete the old key',
    'proved: GET /models answered 401',
    'proved refused',
  ])
    expect(stdout).toContain(line);
  expect(stdout).toMatch(/version 3 is in force\n[\s\S]+Orphans +none/);
});

it('answers with one JSON document and keeps progress apart from it', async () => {
  const ended = await rotate('--json');

  expect(ended.code).toBe(0);
  expect(ended.json()).toMatchObject({
    credential: 'openai',
    isNew: true,
    state: 'ended',
    outcome: 'retired',
    oldCredential: 'refused',
    orphans: [],
  });
  expect(ended.stderr).toContain('✔ replace   Create a new secret key');
});

it('keeps the old value through the grace, which can be extended and ended', async () => {
  const before = await current();
  const watching = fixture.start(['rotate', 'openai', '--grace', '30 minutes', '--json']);
  await watching.says('the old one is retired at');

  const extended = await fixture.keyturn('extend-grace', 'openai', '2', 'hours', '--json');
  const status = await fixture.keyturn('status', '--json'); // for so long it goes on in a new run, which shows the wait at once
  const { credentials } = status.json<{ credentials: [{ rotation: { progress: Progress } }] }>();
  const { waiting } = credentials[0].rotation.progress;
  const kept = fixture.scenario.working().length;
  const reconciled = await fixture.keyturn('reconcile', 'openai');
  const compared = await fixture.keyturn('reconcile', 'openai', '--json');
  const ended = await fixture.keyturn('end-grace', 'openai');

  expect(extended.code).toBe(0);
  expect(waiting).toMatchObject({ for: 'grace', until: extended.json()['until'] });
  expect(kept).toBe(2);
  expect(reconciled.stdout).toContain('openai: a rotation is under way');
  expect(compared.json()).toMatchObject({ rotating: true, reconciled: false, remaining: [{ repair: null }] });
  expect(ended.code).toBe(0);
  expect((await watching.ended).json()).toMatchObject({ outcome: 'retired', version: before + 1 });
  expect(fixture.scenario.working()).toHaveLength(1);
});

it('ends no grace that is not there', async () => {
  const [retired, extended, decided] = await Promise.all([
    fixture.keyturn('end-grace', 'openai'),
    fixture.keyturn('extend-grace', 'openai', 'soon'),
    fixture.keyturn('decide', 'openai', 'retry', '--reason', 'x'),
  ]);

  expectTold(retired, 1, 'No rotation of openai is running');
  expectTold(extended, 2, 'is not a duration');
  expectTold(decided, 1, 'No rotation of openai is running');
});

it('goes on when the watcher leaves, and rolls back when a person asks for it', async () => {
  const before = await current();
  const watching = fixture.start(['rotate', 'openai', '--grace', '30 minutes']);
  await watching.says('the old one is retired at');
  watching.process.kill('SIGINT');
  const left = await watching.ended;

  const following = fixture.start(['status', 'openai', '--follow', '--json']);
  await following.says('the old one is retired at');
  const impossible = await fixture.keyturn('decide', 'openai', 'skip', '--reason', 'x');
  const forgotten = await fixture.keyturn('forget', 'openai', '--yes');
  await fixture.keyturn('decide', 'openai', 'roll-back', '--reason', 'the bill doubled');
  const back = await following.ended;

  expect(left.code).toBe(130);
  expect(left.stdout).toContain('Detached');
  expect(left.stdout).toContain('keyturn status openai --follow');
  expectTold(forgotten, 1, 'A rotation of openai is running', 'Nothing was changed', 'keyturn status openai');
  expectTold(impossible, 1, '"skip" is not possible now, only: roll-back, abandon');
  expectTold(back, 3, 'was rolled back', 'the bill doubled', `documents use version ${before}`);
  expect(back.json()).toMatchObject({ outcome: 'rolled-back', orphans: [] });
  expect(fixture.scenario.working()).toEqual([fixture.scenario.engineHolds()]);
});

it('rolls back when the admin key may not make keys', async () => {
  const key = readFileSync(join(fixture.dir, 'openai-admin'));
  writeFileSync(join(fixture.dir, 'openai-admin'), openai.readOnlyAdminKey);

  const ended = await rotate();
  writeFileSync(join(fixture.dir, 'openai-admin'), key);

  expectTold(ended, 3, 'openai', 'lacks api.management.write (401)', 'none: documents use version');
  expect(await fixture.scenario.consume()).toBe(true);
});

it('rolls back when the engine refuses the admin password', async () => {
  const password = readFileSync(join(fixture.dir, 'docuelevate-admin'));
  writeFileSync(join(fixture.dir, 'docuelevate-admin'), 'not the password');
  engine.expireSessions();

  const ended = await rotate();
  writeFileSync(join(fixture.dir, 'docuelevate-admin'), password);

  expectTold(ended, 3, 'refused the admin login');
  expect(fixture.scenario.working()).toEqual([fixture.scenario.engineHolds()]);
});

it('says why a rotation could not begin', async () => {
  const ring = await loadKeyRing({ file: join(fixture.dir, 'keyturn.keyring.json') });
  const store = await openStore({ url: `sqlite:${join(fixture.dir, 'keyturn.db')}`, ring });
  const [row] = await store.credentials();
  const by = { actor: 'ada', trigger: 'manual', reason: 'elsewhere' } as const;
  const { next } = await store.open(row!, [], by, { workflowId: 'elsewhere', runId: 'run-1' });

  const ended = await rotate('--json');
  await store.close(next, 'abandoned', 'the test goes on');
  await store.destroy();

  expectTold(ended, 1, 'Another rotation of openai is open: elsewhere');
});

it('shows for how long a system has been silent, the attempt, and why the one before failed', async () => {
  openai.faults.add({ method: 'GET', path: '/v1/models', times: Infinity, kind: { status: 503 } });

  const rotating = fixture.start(['rotate', 'openai']);
  await rotating.says('the one before: OpenAI listModels answered 503');
  const status = await fixture.keyturn('status', 'openai');
  openai.faults.clear();
  const { code, stdout } = await rotating.ended;

  expect(code).toBe(0);
  expect(status.stdout).toMatch(/not done after [\d.]+ s, attempt \d; the one before: OpenAI.*503/);
  expect(stdout).toMatch(
    /◷ OpenAI accepts the (new )?key: not done after [\d.]+ s, attempt \d; the one before: OpenAI.*503/,
  );
});

it('puts no secret into its log, and none into what it says', async () => {
  const leaks = await findSecrets(join(fixture.dir, 'temporal'), fixture.scenario.secrets());

  expect(leaks).toEqual([]);
  expect(fixture.scenario.secrets().filter((secret) => fixture.said().includes(secret))).toEqual([]);
  expect(readFileSync(join(fixture.dir, 'temporal', 'keyturn.log'), 'utf8')).toContain('workers started');
});
