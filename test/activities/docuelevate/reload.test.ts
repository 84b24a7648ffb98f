import { Agent } from 'undici';
import { DocuElevateClient } from '../../../activities/docuelevate/client.js';
import { Sessions } from '../../../activities/docuelevate/session.js';
import type { Finding } from '../../../src/domain/evidence.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { type Bench, failureOf, randomValue, startBench } from '../bench.js';
import { count, type DocuElevateFixture, startDocuElevateFixture } from './fixture.js';

const key = 'openai_api_key';

let bench: Bench;
let fixture: DocuElevateFixture;
let version: VersionRef;
let value: string;

async function begin(options: Parameters<typeof startDocuElevateFixture>[1] = {}): Promise<void> {
  bench = await startBench();
  fixture = await startDocuElevateFixture(bench, options);
  version = (await bench.rotate()).next;
  value = fixture.workingKey();
}
afterEach(async () => {
  await fixture.stop();
  await bench.close();
});

const document = (scope = {}): Promise<Finding> =>
  bench.attempt(() => fixture.docuelevate.processTestDocument({ version, expect: 'extract_metadata_with_gpt' }), scope);
const ours = async (): Promise<string> =>
  (await bench.attempt(() => fixture.docuelevate.settingsAreOurs(version))).outcome;
const writes = (): number => fixture.lab.writes().filter((write) => write.key === key).length;

describe('Writing a value once more', () => {
  beforeEach(async () => {
    await begin();
    await fixture.install(version, { key: value });
  });

  it('leaves our change the newest, and remembers when the value came', async () => {
    const { receipts: before } = await bench.store.read(version);
    await document();

    const { receipts } = await bench.store.read(version);
    expect(writes()).toBe(2);
    expect(await ours()).toBe('proved');
    expect(receipts[key]).toEqual({ before: 0, ours: (before[key]?.ours ?? 0) + 1, first: before[key]?.ours });
  });

  it('counts as ours although its answer was lost, and is repeated', async () => {
    fixture.lab.faults.add({ method: 'POST', path: '/api/settings/{key}', kind: 'reset-after' });
    await failureOf(document());
    const unsure = await ours();

    expect(await document()).toMatchObject({ outcome: 'proved' });
    expect([unsure, await ours()]).toEqual(['proved', 'proved']);
  });

  it('gives way to somebody who changes the setting at the same moment', async () => {
    const theirs = randomValue();
    fixture.lab.faults.add({ method: 'POST', path: '/api/settings/{key}', kind: { slowMs: 100 } });
    const running = failureOf(document());
    while (count(fixture.lab, 'POST', `/api/settings/${key}`) < 2) await new Promise(setImmediate);
    fixture.lab.editSetting(key, theirs, 'somebody');

    expect(await running).toMatchObject({
      type: 'NeedsDecision',
      message: expect.stringMatching(/was changed by somebody at .*: their value was restored$/) as string,
    });
    expect(fixture.lab.setting(key)).toBe(theirs);
    expect(count(fixture.lab, 'POST', '/api/intake/documents')).toBe(0);
    expect(await ours()).toBe('failed');
  });

  it('is not repeated over a change that came meanwhile', async () => {
    fixture.lab.editSetting(key, randomValue(), 'somebody');
    await document();

    expect(writes()).toBe(2); // ours, and theirs
  });
});

describe('Several API processes', () => {
  /** How many of them show the value, seen through new connections. */
  async function showing(): Promise<number> {
    const { url, adminUsername: username, adminPassword } = fixture.lab;
    const connection = { url, username, password: async () => adminPassword, settings: {} };
    const client = new DocuElevateClient(new Sessions().of(connection));
    let seen = 0;
    for (let process = 0; process < 3; process++) {
      const line = new Agent({ connections: 1 });
      const shown = await bench.attempt(() => client.shownValue(key, line));
      if (shown?.startsWith(value.slice(0, 4))) seen += 1;
      await line.close();
    }
    return seen;
  }
  const known = async () => (await bench.store.evidence(version)).filter(({ kind }) => kind === 'processes');

  it('are brought to agree on a written value', async () => {
    await begin({ apiProcesses: 3, openAiKey: randomValue() });
    await fixture.install(version, { key: value });

    expect(await showing()).toBe(3);
    expect(writes()).toBe(3); // one for each process
    expect(await ours()).toBe('proved');
    expect(await known()).toMatchObject([{ outcome: 'proved' }]);
  });

  it('that never agree are reported, and the write stands', async () => {
    await begin({ openAiKey: randomValue() });
    const body = JSON.stringify({ value: 'old-***' });
    fixture.lab.faults.add({
      method: 'GET',
      path: '/api/settings/{key}',
      times: Infinity,
      kind: { status: 200, body },
    });
    await fixture.install(version, { key: value });

    expect(await known()).toMatchObject([
      { outcome: 'failed', detail: expect.stringContaining('do not agree on openai_api_key') as string },
    ]);
    expect(writes()).toBe(21);
    expect(await bench.store.read(version)).toMatchObject({ engine: 'yes' });
  });

  it('are not looked at where the value looks as the one before', async () => {
    await begin({ openAiKey: 'sk-p' + 'x'.repeat(56) });
    value = 'sk-p' + 'y'.repeat(56);
    await fixture.install(version, { key: value });

    expect(count(fixture.lab, 'GET', `/api/settings/${key}`)).toBe(1);
    expect(writes()).toBe(1);
  });
});
