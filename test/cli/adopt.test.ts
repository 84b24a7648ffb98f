import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DocuElevateLab } from '../../src/lab/docuelevate/server.js';
import type { OpenAiLab } from '../../src/lab/openai/server.js';
import { loadKeyRing } from '../../src/store/key-ring.js';
import { openStore } from '../../src/store/open-store.js';
import { type Ended, expectTold, type Fixture, startFixture } from './fixture.js';

let fixture: Fixture;
let value: string;

beforeEach(async () => {
  fixture = await startFixture();
  value = fixture.scenario.adopted['key'] ?? '';
});
afterEach(() => fixture.stop());

const adopt = (input: string, ...options: string[]): Promise<Ended> =>
  fixture.given(input, 'adopt', 'openai', '--stdin', ...options);
const versions = async (): Promise<unknown> =>
  (await fixture.keyturn('status', 'openai', '--json')).json<{ credentials: unknown[] }>().credentials[0];

it('takes the value in, says which key it is, and never shows it', async () => {
  const ended = await adopt(`${value}\n`, '--sole-user', '--actor', 'ada');

  expect(ended.code).toBe(0);
  expect(ended.stdout).toMatch(/Fingerprint\s+[0-9a-f]{16}/);
  expect(ended.stdout).toContain('service_account/');
  expect(ended.stdout).toContain('keyturn plan openai');
  const ledger = await fixture.keyturn('ledger');
  expect(ledger.stdout).toContain('by ada');
  expect(ended.stdout + ended.stderr + ledger.stdout).not.toContain(value);
});

it('takes the same value in once', async () => {
  const first = await adopt(value, '--json');
  const second = await adopt(value, '--json');

  expect(first.json()).toMatchObject({ version: 1, isNew: true, soleUser: false });
  expect(second.json()).toMatchObject({ version: 1, isNew: false, fingerprint: first.json()['fingerprint'] });
});

it("reads it from the engine's own file of variables", async () => {
  writeFileSync(join(fixture.dir, '.env'), `# the stack\nOTHER=1\nOPENAI_API_KEY="${value}" # by hand\n`);

  const missing = await fixture.keyturn('adopt', 'openai', '--env-file', '.env', '--variable', 'OPENAI_KEY');
  const ended = await fixture.keyturn('adopt', 'openai', '--env-file', '.env', '--variable', 'OPENAI_API_KEY');

  expectTold(missing, 2, '.env does not set OPENAI_KEY');
  expect(ended.code).toBe(0);
});

it('refuses a value that the provider does not know, and leaves the store as it was', async () => {
  const wrong = `value-${randomBytes(12).toString('hex')}`;
  fixture.edit('propagation: 0 seconds', 'propagation: 60 seconds'); // it is waited for a new key, and this one is none

  const ended = await adopt(wrong);

  expectTold(ended, 1, 'The value was not adopted: OpenAI refuses the key', 'keyturn adopt openai');
  expect(ended.stderr).not.toContain('new key');
  expect(ended.stdout + ended.stderr).not.toContain(wrong);
  expect(await versions()).toMatchObject({ current: null, orphans: [] });
  expect((await adopt(value)).code).toBe(0);
});

it('refuses a valid value that DocuElevate does not use, without showing any of what it uses', async () => {
  const { openai, docuelevate } = fixture.scenario.systems;
  const other = (openai as OpenAiLab).createServiceAccount('others').keys[0]?.value ?? '';
  (docuelevate as DocuElevateLab).editSetting('openai_api_key', `zzqx${other}`, 'somebody');

  const ended = await adopt(other);

  expectTold(ended, 1, 'openai_api_key shows another beginning or length in DocuElevate', 'The store is as before');
  expect(ended.stdout + ended.stderr).not.toContain('zzqx');
  expect(await versions()).toMatchObject({ current: null, orphans: [] });
});

it('says where the engine has it from', async () => {
  const ended = await adopt(value);

  expect(ended.stdout).toMatch(/Set in\s+its environment \(openai_api_key\)/);
});

it('says what is wrong with how the value is given', async () => {
  const [empty, nobody, unknown] = await Promise.all([
    adopt('\n'),
    fixture.keyturn('adopt', 'openai'),
    fixture.keyturn('adopt', 'opnai', '--stdin'),
  ]);

  expectTold(empty, 2, 'is empty');
  expectTold(nobody, 2, 'no terminal', '--stdin');
  expectTold(unknown, 2, 'did you mean "openai"?');
});

it('comes before a rotation, says plan', async () => {
  const before = await fixture.keyturn('plan', 'openai');
  await adopt(value);
  const after = await fixture.keyturn('plan', 'openai');

  expect(before.stdout).toMatch(
    /Next +if the engine uses a value now: keyturn adopt openai; if not: keyturn rotate openai/,
  );
  expect(after.stdout).toMatch(/Next +keyturn rotate openai\n/);
});

it('adopts nothing while the admin key is refused', async () => {
  writeFileSync(join(fixture.dir, 'openai-admin'), 'not an admin key');

  const ended = await adopt(value);

  expectTold(ended, 1, 'openai');
  expect(await versions()).toMatchObject({ current: null });
});

it('plans a rotation without a Temporal server, with every request and the point of no return', async () => {
  await adopt(value);
  const { requests } = fixture.scenario.systems['openai'] as OpenAiLab;
  const before = requests.length;

  const { code, stdout } = await fixture.keyturn('plan', 'openai');
  const { plan, totals } = (await fixture.keyturn('plan', 'openai', '--json')).json<{
    plan: { phase: string }[];
    totals: object;
  }>();

  expect(code).toBe(0);
  expect(stdout).toContain('POST /v1/organization/projects/{project}/service_accounts/{account}/api_keys ? …\n');
  expect(stdout).toMatch(/GET \/login \?/);
  expect(stdout).toMatch(/Create a new secret key[\s\S]+undo: openai.remove/);
  expect(stdout).toMatch(/point of no return.+\n.+Delete the old key/);
  expect(stdout).toMatch(/Emergency .*Delete the old key → The old key is refused/);
  expect(stdout).toMatch(/Restart +DocuElevate's environment also sets openai_api_key, to the value of version 1/);
  expect(stdout).toMatch(
    /^openai .+\n\n +Totals +\d+ steps; \d+ requests, and \d+ only when needed; 2 test documents; no wait\n +Signs /,
  );
  expect(totals).toMatchObject({ steps: plan.length, testDocuments: 2, waitMs: 0 });
  expect(plan[0]).toMatchObject({ phase: 'open' });
  expect(requests).toHaveLength(before);
});

it('shows and verifies the ledger', async () => {
  await adopt(value);

  const { entries } = (await fixture.keyturn('ledger', 'openai', '--json')).json<{ entries: { event: string }[] }>();
  const verified = (await fixture.keyturn('ledger', '--verify', '--json')).json();

  expect(entries.map(({ event }) => event)).toContain('adopted');
  expect(verified).toMatchObject({ brokenAt: null, entries: entries.length });
});

it('shows an attempt that waits as waiting', async () => {
  const ring = await loadKeyRing({ file: join(fixture.dir, 'keyturn.keyring.json') });
  const store = await openStore({ url: `sqlite:${join(fixture.dir, 'keyturn.db')}`, ring });
  await store.record({
    event: 'waiting',
    credential: 'openai',
    title: 'The old key is refused',
    detail: 'asked again',
  });
  await store.destroy();

  const ended = await fixture.keyturn('ledger', 'openai');
  const { entries } = (await fixture.keyturn('ledger', '--json')).json<{ entries: { event: string }[] }>();

  expect(ended.stdout).toMatch(/openai\s+waiting\s+The old key is refused · asked again/);
  expect(entries.map(({ event }) => event)).toEqual(['waiting']);
});

it('lets a pipe close early', async () => {
  await adopt(value);

  const running = fixture.start(['ledger']);
  running.process.stdout?.destroy();
  const { code, stderr } = await running.ended.catch(() => ({ code: running.process.exitCode, stderr: '' }));

  expect(code).not.toBe(1);
  expect(stderr).toBe('');
});

it('plans where else a new value goes, and checks beforehand whether it can', async () => {
  await adopt(value);
  const procedure = 'procedure: openai-api-key\n';
  const deliver = '    deliver: [{ envFile: ./apps/.env, variable: OPENAI_API_KEY }, { command: [no-such-program] }]\n';
  fixture.edit(procedure, `${procedure}${deliver}`);

  const planned = await fixture.keyturn('plan', 'openai');
  const checked = await fixture.keyturn('check', 'openai');
  fixture.edit(deliver, '');

  expect(planned.stdout).toContain(`OPENAI_API_KEY in ${join(fixture.dir, 'apps', '.env')}`);
  expect(planned.stdout).toMatch(/Deliver the new value\n +undo: delivery.restore/);
  expect(planned.stdout).toMatch(/Emergency .*The old key is refused; then/);
  expect(checked.code).toBe(1);
  expect(checked.stdout).toContain(`there is no folder ${join(fixture.dir, 'apps')}`);
  expect(checked.stdout).toContain('there is no such program on PATH');
});
