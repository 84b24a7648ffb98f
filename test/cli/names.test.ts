import { readFileSync } from 'node:fs';
import { expectTold, hasTerminals, type Fixture, startFixture } from './fixture.js';

jest.setTimeout(60_000); // each command is a process of its own, and a test runs several

let fixture: Fixture;
let value: string;

beforeEach(async () => {
  fixture = await startFixture();
  value = fixture.scenario.adopted['key'] ?? '';
  await fixture.adopt('--sole-user');
});
afterEach(() => fixture.stop());

const lineOf = (text: string): number =>
  readFileSync(fixture.config, 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(text)) + 1;
const credentials = async () =>
  (await fixture.keyturn('status', '--json')).json<{ credentials: { credential: string; current: unknown }[] }>()
    .credentials;

describe('keyturn rename', () => {
  it('says which lines to change, and changes nothing until they are', async () => {
    fixture.edit(/$/, 'notifications: { webhook: { url: "http://127.0.0.1:9", secret: { credential: openai } } }\n');
    const [entry, use] = [lineOf('  openai:'), lineOf('notifications:')];

    const early = await fixture.keyturn('rename', 'openai', 'llm', '--json');

    expectTold(early, 2, `keyturn.yaml:${entry} (its entry)`, `keyturn.yaml:${use} (uses it as a secret)`, 'Write llm');
    expect((await credentials()).map(({ credential }) => credential)).toEqual(['openai']);
  });

  it('gives the store the name that the configuration has by now', async () => {
    fixture.edit('  openai:', '  llm:');

    const ended = await fixture.keyturn('rename', 'openai', 'llm', '--actor', 'ada', '--json');

    expect(ended.code).toBe(0);
    expect(ended.json()).toEqual({ credential: 'llm', formerName: 'openai', versions: 1, schedule: null });
    expect(await credentials()).toMatchObject([{ credential: 'llm', current: { number: 1 } }]);
    expect((await fixture.given(value, 'adopt', 'llm', '--stdin', '--json')).json()).toMatchObject({
      isNew: false,
    });
    expect((await fixture.keyturn('ledger', 'llm')).stdout).toMatch(/openai v1 +adopted[^]+openai +renamed[^]+by ada/);
  });

  it('does not take a credential of another account for the same one', async () => {
    fixture.edit('  openai:', '  llm:');
    fixture.edit(/project: .+/, 'project: proj_another');

    const ended = await fixture.keyturn('rename', 'openai', 'llm');

    expectTold(ended, 2, 'is not the same as openai in the store', 'proj_another');
  });

  it('says what is not there', async () => {
    const unknown = await fixture.keyturn('rename', 'opnai', 'llm');
    fixture.edit('  openai:', '  other:');
    const unconfigured = await fixture.keyturn('rename', 'openai', 'llm');
    const same = await fixture.keyturn('rename', 'openai', 'openai');

    expectTold(unknown, 2, 'did you mean "openai"?');
    expectTold(same, 2, 'openai is its name already');
    expectTold(unconfigured, 2, 'no credential "llm" in the configuration');
  });
});

describe('keyturn forget', () => {
  it('says what stays live, by its id, and forgets nothing when nobody agrees', async () => {
    const { providerId } = (await fixture.given(value, 'adopt', 'openai', '--stdin', '--json')).json<{
      providerId: string;
    }>();

    const ended = await fixture.keyturn('forget', 'openai');

    expectTold(ended, 2, 'there is no terminal to confirm it in', 'keyturn emergency openai');
    expect(ended.stdout).toContain(`version 1, current: ${providerId}; the engine holds it`);
    expect(ended.stdout + ended.stderr).not.toContain(value);
    expect(await credentials()).toMatchObject([{ credential: 'openai', current: { number: 1 } }]);
  });

  it('forgets when somebody agrees, and leaves provider, engine and ledger as they are', async () => {
    const ended = await fixture.keyturn('forget', 'openai', '--yes', '--actor', 'ada', '--json');

    expect(ended.code).toBe(0);
    expect(ended.json()).toMatchObject({
      ...{ credential: 'openai', scheduleDeleted: false, isConfigured: true },
      staysLive: [{ version: 1, providerId: expect.stringContaining('service_account/') as string }],
    });
    expect(await credentials()).toMatchObject([{ credential: 'openai', current: null }]);
    expect(fixture.scenario.working()).toEqual([fixture.scenario.engineHolds()]);
    expect((await fixture.keyturn('ledger', 'openai')).stdout).toMatch(
      /adopted[^]+forgotten +not revoked: version 1 .* by ada/,
    );
    expect((await fixture.keyturn('ledger', '--verify')).code).toBe(0);
    expect(fixture.said()).not.toContain(value);
  });

  it('does not forget what the configuration uses as a secret', async () => {
    fixture.edit(/$/, 'notifications: { webhook: { url: "http://127.0.0.1:9", secret: { credential: openai } } }\n');

    const ended = await fixture.keyturn('forget', 'openai', '--yes');

    expectTold(ended, 2, 'uses openai as a secret', `keyturn.yaml:${lineOf('notifications:')}`);
  });

  it('says what is not there', async () => {
    expectTold(await fixture.keyturn('forget', 'opnai'), 2, 'did you mean "openai"?');
  });

  (hasTerminals() ? it : it.skip)('asks for the name in a terminal', async () => {
    const running = fixture.startInTerminal('forget', 'openai');
    await running.says('Type "openai" to forget it');
    running.process.stdin?.write('openai\r');

    expect((await running.ended).stdout).toContain('is forgotten');
    expect(await credentials()).toMatchObject([{ current: null }]);
  });
});
