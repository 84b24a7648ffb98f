import { readFileSync } from 'node:fs';
import { expectTold, hasTerminals, type Stage, startStage } from './stage.js';

jest.setTimeout(60_000); // each command is a process of its own, and a test runs several

let stage: Stage;
let value: string;

beforeEach(async () => {
  stage = await startStage();
  value = stage.scenario.adopted['key'] ?? '';
  await stage.adopt('--sole-user');
});
afterEach(() => stage.stop());

const lineOf = (text: string): number =>
  readFileSync(stage.config, 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(text)) + 1;
const credentials = async () =>
  (await stage.keyturn('status', '--json')).json<{ credentials: { credential: string; current: unknown }[] }>()
    .credentials;

describe('keyturn rename', () => {
  it('says which lines to change, and changes nothing until they are', async () => {
    stage.edit(/$/, 'notifications: { webhook: { url: "http://127.0.0.1:9", secret: { credential: openai } } }\n');
    const [entry, use] = [lineOf('  openai:'), lineOf('notifications:')];

    const early = await stage.keyturn('rename', 'openai', 'llm', '--json');

    expectTold(early, 2, `keyturn.yaml:${entry} (its entry)`, `keyturn.yaml:${use} (uses it as a secret)`, 'Write llm');
    expect((await credentials()).map(({ credential }) => credential)).toEqual(['openai']);
  });

  it('gives the store the name that the configuration has by now', async () => {
    stage.edit('  openai:', '  llm:');

    const ended = await stage.keyturn('rename', 'openai', 'llm', '--actor', 'ada', '--json');

    expect(ended.code).toBe(0);
    expect(ended.json()).toEqual({ credential: 'llm', formerName: 'openai', versions: 1, schedule: null });
    expect(await credentials()).toMatchObject([{ credential: 'llm', current: { number: 1 } }]);
    expect((await stage.given(value, 'adopt', 'llm', '--stdin', '--json')).json()).toMatchObject({
      isNew: false,
    });
    expect((await stage.keyturn('ledger', 'llm')).stdout).toMatch(/openai v1 +adopted[^]+openai +renamed[^]+by ada/);
  });

  it('does not take a credential of another account for the same one', async () => {
    stage.edit('  openai:', '  llm:');
    stage.edit(/project: .+/, 'project: proj_another');

    const ended = await stage.keyturn('rename', 'openai', 'llm');

    expectTold(ended, 2, 'is not what openai is in the store', 'proj_another');
  });

  it('says what is not there', async () => {
    const unknown = await stage.keyturn('rename', 'opnai', 'llm');
    stage.edit('  openai:', '  other:');
    const unconfigured = await stage.keyturn('rename', 'openai', 'llm');

    expectTold(unknown, 2, 'did you mean "openai"?');
    expectTold(unconfigured, 2, 'no credential "llm" in the configuration');
  });
});

describe('keyturn forget', () => {
  it('says what stays live, by its id, and forgets nothing when nobody agrees', async () => {
    const { providerId } = (await stage.given(value, 'adopt', 'openai', '--stdin', '--json')).json<{
      providerId: string;
    }>();

    const ended = await stage.keyturn('forget', 'openai');

    expectTold(ended, 2, 'nobody is there to confirm it', 'keyturn emergency openai');
    expect(ended.stdout).toContain(`version 1, current: ${providerId}; the engine holds it`);
    expect(ended.stdout + ended.stderr).not.toContain(value);
    expect(await credentials()).toMatchObject([{ credential: 'openai', current: { number: 1 } }]);
  });

  it('forgets when somebody agrees, and leaves provider, engine and ledger as they are', async () => {
    const ended = await stage.keyturn('forget', 'openai', '--yes', '--actor', 'ada', '--json');

    expect(ended.code).toBe(0);
    expect(ended.json()).toMatchObject({
      ...{ credential: 'openai', scheduleDeleted: false, isConfigured: true },
      staysLive: [{ version: 1, providerId: expect.stringContaining('service_account/') as string }],
    });
    expect(await credentials()).toMatchObject([{ credential: 'openai', current: null }]);
    expect(stage.scenario.working()).toEqual([stage.scenario.engineHolds()]);
    expect((await stage.keyturn('ledger', 'openai')).stdout).toMatch(
      /adopted[^]+forgotten +not revoked: version 1 .* by ada/,
    );
    expect((await stage.keyturn('ledger', '--verify')).code).toBe(0);
    expect(stage.said()).not.toContain(value);
  });

  it('does not forget what the configuration uses as a secret', async () => {
    stage.edit(/$/, 'notifications: { webhook: { url: "http://127.0.0.1:9", secret: { credential: openai } } }\n');

    const ended = await stage.keyturn('forget', 'openai', '--yes');

    expectTold(ended, 2, 'uses openai as a secret', `keyturn.yaml:${lineOf('notifications:')}`);
  });

  it('says what is not there', async () => {
    expectTold(await stage.keyturn('forget', 'opnai'), 2, 'did you mean "openai"?');
  });

  (hasTerminals() ? it : it.skip)('asks for the name in a terminal', async () => {
    const running = stage.startInTerminal('forget', 'openai');
    await running.says('Type "openai" to forget it');
    running.process.stdin?.write('openai\r');

    expect((await running.ended).stdout).toContain('is forgotten');
    expect(await credentials()).toMatchObject([{ current: null }]);
  });
});
