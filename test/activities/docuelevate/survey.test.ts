import { docuElevateRequests } from '../../../activities/docuelevate/requests.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { linesOf, patternOf } from '../../contracts/requests.js';
import { type Bench, startBench } from '../bench.js';
import { type DocuElevateFixture, startDocuElevateFixture } from './fixture.js';

let bench: Bench;
let fixture: DocuElevateFixture;
let current: VersionRef;
let next: VersionRef;

beforeEach(async () => {
  bench = await startBench();
  fixture = await startDocuElevateFixture(bench);
  await bench.adopt({ key: fixture.workingKey() });
  const opened = await bench.rotate();
  [current, next] = [opened.current!, opened.next];
  await bench.give(next, { key: fixture.workingKey() });
});
afterEach(async () => {
  await fixture.stop();
  await bench.close();
});

const look = async () => (await bench.attempt(() => fixture.docuelevate.survey(bench.credential))).settings[0];
const write = (ref: VersionRef) => bench.attempt(() => fixture.docuelevate.writeSettings(ref));

it('cannot say whose value a setting holds that we never wrote', async () => {
  expect(await look()).toMatchObject({ key: 'openai_api_key', changed: null, byUs: false, version: null });
});

it('knows the version by the write that is the newest change', async () => {
  await write(current);
  expect(await look()).toMatchObject({ set: true, byUs: true, version: 1 });
  await bench.prove(current, 'accepted');

  await write(next);

  expect(await look()).toMatchObject({ set: true, byUs: true, version: 2 });
});

it('tells a change by somebody else, and one made as our user', async () => {
  await write(current);

  fixture.lab.editSetting('openai_api_key', fixture.workingKey(), 'somebody');
  expect(await look()).toMatchObject({
    byUs: false,
    version: null,
    changed: expect.stringContaining('by somebody') as string,
  });

  fixture.lab.editSetting('openai_api_key', fixture.workingKey(), fixture.lab.adminUsername);
  expect(await look()).toMatchObject({ byUs: true, version: null });
});

it('takes a write of unknown outcome for done when it is the only change since', async () => {
  await write(current);
  const { receipts } = await bench.store.read(current);
  const before = receipts['openai_api_key']!.ours!;
  await bench.store.note(next, { engine: 'maybe', receipts: { openai_api_key: { before } } });
  expect(await look()).toMatchObject({ version: 1 });

  const [value] = Object.values(await bench.store.unseal(next));
  fixture.lab.editSetting('openai_api_key', value!, fixture.lab.adminUsername);

  expect(await look()).toMatchObject({ version: 2 });
});

it.each([{ openai_api_key: 'key' }, { openai_api_key: 'key', aws_secret_access_key: 'key' }])(
  'declares what it sends for the settings %j',
  async (settings) => {
    fixture.engine.settings = settings;
    const before = fixture.lab.requests.length;

    await look();

    expect(linesOf(fixture.lab.requests.slice(before))).toMatch(patternOf(docuElevateRequests.survey));
  },
);
