import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { findSecrets } from '../../src/lab/canary.js';
import type { DocuElevateLab } from '../../src/lab/docuelevate/server.js';
import type { OpenAiLab } from '../../src/lab/openai/server.js';
import { type Ended, expectTold, hasTerminals, type Fixture, startFixture } from './fixture.js';

jest.setTimeout(60_000); // some commands wait for rotations

let fixture: Fixture;
let openai: OpenAiLab;
let engine: DocuElevateLab;

beforeAll(async () => {
  fixture = await startFixture();
  openai = fixture.scenario.systems['openai'] as OpenAiLab;
  engine = fixture.scenario.systems['docuelevate'] as DocuElevateLab;
  await fixture.adopt('--sole-user');
});
afterAll(() => fixture.stop());

interface Told {
  readonly contained: boolean;
  readonly provedRefused: boolean;
  readonly rotated: boolean;
  readonly emergencies: readonly {
    readonly how: string;
    readonly workflowId: string | null;
    readonly rotated: number | null;
    readonly versions: readonly { readonly number: number; readonly end: string; readonly refusedAfterMs: number }[];
  }[];
}

const emergency = (...options: string[]): Promise<Ended> =>
  fixture.keyturn('emergency', 'openai', '--reason', 'a test', ...options);

/** What leaked is dead, and the engine works with the one value that is left. */
function expectReplaced(leaked: string | null): void {
  expect(fixture.scenario.working()).toEqual([fixture.scenario.engineHolds()]);
  expect(fixture.scenario.engineHolds()).not.toBe(leaked);
}

it('says whose a leaked value is, wherever it was copied from, and shows nothing of it', async () => {
  const leaked = fixture.scenario.adopted['key'] ?? '';

  const [known, unknown] = await Promise.all([
    fixture.given(`  ${leaked}\r\n`, 'identify', '--json'),
    fixture.given('something else', 'identify'),
  ]);

  expect(known).toMatchObject({ code: 0 });
  expect(known.json()).toMatchObject({
    known: true,
    versions: [{ credential: 'openai', version: 1, state: 'current' }],
  });
  expect(known.stdout + known.stderr).not.toContain(leaked);
  expect(unknown).toMatchObject({ code: 1 });
});

it('asks before it revokes, and revokes nothing when what is meant is not clear', async () => {
  const ends = await Promise.all([
    emergency(),
    fixture.keyturn('emergency', '--reason', 'a test', '--yes'),
    fixture.keyturn('emergency', 'openai', '--all', '--reason', 'a test', '--yes'),
    fixture.keyturn('emergency', '--owner', 'nobody@example.com', '--reason', 'a test', '--yes'),
    emergency('--version', '7', '--yes'),
  ]);
  const silent = await fixture.keyturn('emergency', 'openai', '--reason', ' ', '--yes');

  for (const ended of ends) expectTold(ended, 2, 'Nothing was revoked');
  expectTold(silent, 2, 'must not be empty', 'Nothing was changed');
  expect(ends[0]?.stdout).toContain('documents that need openai_api_key');
  expect(fixture.scenario.working()).toHaveLength(1);
});

it('says that Temporal is down, and does it directly when told to', async () => {
  const leaked = fixture.scenario.engineHolds();

  engine.editSetting('openai_model', 'gpt-4o', 'mallory');
  const down = await emergency('--yes');
  const direct = await emergency('--yes', '--direct', '--json');

  expectTold(down, 5, 'NOTHING IS REVOKED YET', '--direct');
  expect(direct).toMatchObject({ code: 0 });
  expect(direct.json<Told>()).toMatchObject({
    ...{ contained: true, provedRefused: true, rotated: true },
    emergencies: [{ how: 'ended', workflowId: 'direct/openai', rotated: 2, versions: [{ number: 1, end: 'revoked' }] }],
  });
  expectReplaced(leaked);
  const [{ material, versions }] = direct.json<{
    emergencies: [{ material: { source: string; what: string }[]; versions: [{ lastUse: string }] }];
  }>().emergencies;
  expect(versions[0].lastUse).toMatch(/OpenAI last saw it used at \d{4}-/);
  expect(material.map(({ source }) => source)).toEqual(
    expect.arrayContaining(['DocuElevate audit log', 'DocuElevate settings']),
  );
  expect(material.map(({ what }) => what).join()).toContain('openai_model: update by mallory');
});

it('works from the list of the provider when the store cannot be opened, and goes on from there when it can', async () => {
  const leaked = fixture.scenario.engineHolds();
  const database = join(fixture.dir, 'keyturn.db');
  renameSync(database, `${database}.away`);

  const [plain, unchosen, unknown] = await Promise.all([
    emergency('--yes'),
    emergency('--yes', '--direct'),
    emergency('--yes', '--direct', '--id', 'service_account/svc_nowhere'),
  ]);
  expectTold(plain, 1, 'NOTHING IS REVOKED YET', '--direct');
  expectTold(unchosen, 2, 'Nothing was revoked', '--id');
  expectTold(unknown, 2, 'Nothing was revoked', 'svc_nowhere');
  const [, id = ''] = /(service_account\/\S+) .*made by Keyturn for this credential/.exec(unchosen?.stdout ?? '') ?? [];
  expect(fixture.scenario.working()).toEqual([leaked]);

  const ended = await emergency('--yes', '--direct', '--id', id, '--json');
  expect(ended).toMatchObject({ code: 4 });
  expect(ended.json()).toMatchObject({
    contained: true,
    rotated: false,
    withoutStore: true,
    values: [{ id, ended: true }],
  });
  expect(fixture.scenario.working()).toEqual([]);

  renameSync(`${database}.away`, database);
  const replaced = await emergency('--yes', '--direct');
  expect(replaced).toMatchObject({ code: 0 });
  expect(replaced.stdout).toContain('The ledger now holds what was revoked');
  expectReplaced(leaked);
});

it('starts a rotation that contains, shows the clock, and keeps it in the ledger', async () => {
  await fixture.start(['up']).says('Ready.');
  const leaked = fixture.scenario.engineHolds();

  const ended = await emergency('--yes', '--actor', 'ada');

  expect(ended).toMatchObject({ code: 0 });
  expect(ended.stdout).toMatch(/version 3 revoked, proved refused after \d+\.\d s/);
  expect(ended.stdout).toContain('rotated: version 4 is in force');
  expectReplaced(leaked);
  const { stdout } = await fixture.keyturn('ledger', 'openai', '--limit', '200', '--json');
  expect(stdout).toMatch(/"event":"emergency"/);
  expect(stdout).toMatch(/revoked and proved refused \d+\.\d{3} s after the command/);
  expect(stdout).toMatch(/everything known is contained \d+\.\d{3} s after the command/);
});

it('contains although the provider cannot create, and says that it is not rotated', async () => {
  const leaked = fixture.scenario.engineHolds();
  const path = '/v1/organization/projects/{project}/service_accounts/{account}/api_keys';
  const body = JSON.stringify({ error: { message: 'no more keys', type: 'invalid_request_error', code: null } });
  openai.faults.add({ method: 'POST', path, kind: { status: 400, body }, times: 100 });

  const ended = await emergency('--yes', '--json');

  openai.faults.clear();
  expect(ended.code).toBe(4);
  expect(ended.json<Told>()).toMatchObject({ contained: true, provedRefused: true, rotated: false });
  expect(ended.json<Told>().emergencies[0]?.how).toBe('waiting');
  expect(fixture.scenario.working()).toEqual([]);
  expect(openai.works(leaked ?? '')).toBe(false);
  await fixture.keyturn('decide', 'openai', 'retry', '--reason', 'it can again');
  await fixture.keyturn('status', 'openai', '--follow');
  expectReplaced(leaked);
});

const inTerminal = hasTerminals() ? it : it.skip;
inTerminal('takes the typed name for a confirmation', async () => {
  const leaked = fixture.scenario.engineHolds();
  const running = fixture.startInTerminal('emergency', 'openai', '--reason', 'a test');
  await running.says('to revoke now');

  running.process.stdin?.write('openai\r');

  expect(await running.ended).toMatchObject({ code: 0 });
  expectReplaced(leaked);
});

it('leaves no secret in what it said, nor anywhere in Temporal', async () => {
  for (const secret of fixture.scenario.secrets()) expect(fixture.said()).not.toContain(secret);
  expect(await findSecrets(`${fixture.dir}/temporal`, fixture.scenario.secrets())).toEqual([]);
});
