import type { Finding } from '../../../src/domain/evidence.js';
import { type Bench, startBench } from '../bench.js';
import { type DocuElevateFixture, startDocuElevateFixture } from './fixture.js';

let bench: Bench;
let fixture: DocuElevateFixture;

beforeEach(async () => {
  bench = await startBench();
  fixture = await startDocuElevateFixture(bench);
});
afterEach(async () => {
  await fixture.stop();
  await bench.close();
});

async function shownFor(value: string, inForce: string): Promise<Finding> {
  fixture.lab.editSetting('openai_api_key', inForce, 'somebody');
  const version = await bench.adopt({ key: value });
  const finding = await bench.attempt(() => fixture.docuelevate.holdsAdopted(version));
  await bench.store.withdraw(version);
  return finding;
}

it('is not sure of a value with the same beginning and length, and sure of any other', async () => {
  expect(await shownFor('abcd-other-value', 'abcd-value-other')).toMatchObject({ outcome: 'not-observable' });
  expect(await shownFor('abcd-other-value', 'abcd-value')).toMatchObject({ outcome: 'failed' });
  expect(await shownFor('abcd-other-value', 'abce-other-value')).toMatchObject({ outcome: 'failed' });
});

it('says so when the setting holds the text of a key in place of a path', async () => {
  const { detail } = await shownFor('/run/secrets/key', '-----BEGIN A KEY-----');

  expect(detail).toContain('needs the path of a file');
});

it('may do without an optional part, unless DocuElevate shows another one', async () => {
  const passphrase = 'sftp_private_key_passphrase';
  Object.assign(fixture.engine, {
    settings: { openai_api_key: 'key', [passphrase]: 'extra' },
    optionalParts: ['extra'],
  });
  const value = 'abcd-a-value';
  fixture.lab.editSetting('openai_api_key', value, 'somebody');
  const version = await bench.adopt({ key: value, extra: 'efgh-a-passphrase' });
  const look = () => bench.attempt(() => fixture.docuelevate.holdsAdopted(version));

  expect(await look()).toMatchObject({ outcome: 'not-observable' });
  fixture.lab.editSetting(passphrase, 'ijkl-a-passphrase', 'somebody');
  expect(await look()).toMatchObject({ outcome: 'failed', detail: expect.stringContaining(passphrase) as string });
});
