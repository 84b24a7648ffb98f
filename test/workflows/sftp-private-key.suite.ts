import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { fastClock } from '../../src/lab/clock.js';
import { startConsumer } from '../../src/lab/consumer.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { type SftpScenarioOptions, startSftpPrivateKey } from '../../src/lab/scenarios/sftp-private-key.js';
import type { SftpLab } from '../../src/lab/sftp/server.js';
import { randomValue } from '../activities/bench.js';
import { progress } from '../../workflows/rotation/messages.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';
import { until } from '../support/temporal.js';
import { decided } from '../support/decided.js';

let scenario: Scenario;
let rehearsal: TestRehearsal;
let sftp: SftpLab;
let docuelevate: DocuElevateLab;

async function begin(options: SftpScenarioOptions = {}): Promise<void> {
  scenario = await startSftpPrivateKey({ clock: fastClock(1000), ...options });
  sftp = scenario.systems['sftp'] as SftpLab;
  docuelevate = scenario.systems['docuelevate'] as DocuElevateLab;
  rehearsal = await rehearse(scenario);
}
afterEach(() => rehearsal.stop());

const testDocument = /^test document keyturn-test-.*\.pdf in DocuElevate$/;
const rotate = async () => rehearsal.report(await rehearsal.begin());
const setting = (): string => docuelevate.setting('sftp_private_key') ?? '';

it('leaves one key of ours and one new file after three rotations, and no upload fails', async () => {
  await begin();
  const adoptedFile = setting();
  const others = sftp.text.split('\n').filter((line) => !line.includes(sftp.key.blob));
  const consumer = startConsumer(() => scenario.consume(), 20);

  for (let round = 0; round < 3; round++) expect(await rotate()).toMatchObject({ outcome: 'retired', orphans: [] });
  await consumer.stop();

  const evidence = await rehearsal.session.store.evidence({ credential: scenario.credential, number: 4 });
  expect(evidence.filter(({ kind, outcome }) => kind === 'in-use' && outcome === 'proved')).not.toEqual([]);
  expect(consumer.probes).toBeGreaterThan(20);
  expect(consumer.failed).toBe(0);
  expect(scenario.working()).toEqual([scenario.engineHolds()]);
  expect(sftp.text.split('\n').filter((line) => !line.includes('keyturn-sftp-v'))).toEqual(others);
  expect(
    readdirSync(dirname(adoptedFile))
      .map((name) => `${dirname(adoptedFile)}/${name}`)
      .sort(),
  ).toEqual([adoptedFile, setting()].sort());
}, 60_000);

it('goes over to encrypted files without an upload that fails', async () => {
  const passphrase = randomValue();
  await begin({ passphrase });
  const consumer = startConsumer(() => scenario.consume(), 1000); // to read such a file takes long, on purpose

  expect(await rotate()).toMatchObject({ outcome: 'retired' });
  await consumer.stop();

  expect(consumer.failed).toBe(0);
  expect(docuelevate.setting('sftp_private_key_passphrase')).toBe(passphrase);
  expect(readFileSync(setting(), 'utf8')).not.toBe(readFileSync(setting().replace(/-v\d+-\w+$/, ''), 'utf8'));
  expect(scenario.engineHolds()).toEqual(scenario.working()[0]);
}, 60_000);

it('goes back, with the old key untouched, where the worker sees nothing but the one file that is mounted', async () => {
  await begin({ mounts: 'the file alone' });
  const before = { text: sftp.text, held: scenario.engineHolds() };

  expect(await rotate()).toMatchObject({
    outcome: 'rolled-back',
    why: expect.stringContaining('A test document arrives over SFTP') as string,
    orphans: [expect.stringMatching(testDocument)], // DocuElevate tries its upload again later
  });

  expect({ text: sftp.text, held: scenario.engineHolds() }).toEqual(before);
  expect(existsSync(setting())).toBe(true);
  expect(await scenario.consume()).toBe(true);
});

it('does not remove an old key that documents still go through with: they fail while it is switched off, and it is put back', async () => {
  await begin();
  docuelevate.staleWorker = true; // goes on with the old key, whatever the database says
  const before = { text: sftp.text, held: scenario.engineHolds() };
  const handle = await rehearsal.begin();

  const { waiting } = await until(async () => {
    const seen = await handle.query(progress);
    return seen.waiting?.for === 'operator' && seen;
  });
  expect(waiting?.why).toContain('A test document arrives over SFTP');
  expect(waiting?.why).toContain('it was put back');
  expect(sftp.text).toContain(before.text.split('\n')[0]);
  await decided(rehearsal.session.store, handle, {
    actor: 'test',
    decision: 'roll-back',
    reason: 'the old key is in use',
  });

  expect(await rehearsal.report(handle)).toMatchObject({
    outcome: 'rolled-back',
    orphans: [expect.stringMatching(testDocument)],
  });
  expect({ text: sftp.text, held: scenario.engineHolds() }).toEqual(before);
  expect(await scenario.consume()).toBe(true);
});

it('does not take a document for proof that the password let through', async () => {
  await begin({ mounts: 'the file alone' });
  docuelevate.editSetting('sftp_password', sftp.password, 'somebody');
  const { text } = sftp;

  expect(await rotate()).toMatchObject({
    outcome: 'rolled-back',
    why: expect.stringContaining('silently falls back to it') as string,
  });

  expect(sftp.text).toBe(text);
});
