import { docuElevateRequests } from '../../../activities/docuelevate/requests.js';
import { linesOf, patternOf } from '../../contracts/requests.js';
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

/** What one activity sent, besides what was sent before it. */
async function sentBy(work: () => Promise<unknown>): Promise<string> {
  const before = fixture.lab.requests.length;
  await bench.attempt(work);
  return linesOf(fixture.lab.requests.slice(before));
}

function declared(verb: keyof typeof docuElevateRequests): RegExp {
  return patternOf(docuElevateRequests[verb]);
}

it.each([{ openai_api_key: 'key' }, { aws_access_key_id: 'id', aws_secret_access_key: 'key' }])(
  'declares what activities send for the settings %j',
  async (settings) => {
    const { docuelevate } = fixture;
    fixture.engine.settings = settings;
    const adopted = await bench.adopt({ key: fixture.workingKey(), id: 'an id' });
    expect(await sentBy(() => docuelevate.holdsAdopted(adopted))).toMatch(declared('holdsAdopted'));
    const { current, next } = await bench.rotate();
    await bench.give(next, { key: fixture.workingKey(), id: 'another id' });

    expect(await sentBy(() => docuelevate.writeSettings(current!))).toMatch(declared('writeSettings'));
    await bench.prove(current!, 'accepted');
    expect(await sentBy(() => docuelevate.writeSettings(next))).toMatch(declared('writeSettings'));
    expect(await sentBy(() => docuelevate.settingsAreOurs(next))).toMatch(declared('settingsAreOurs'));
    const loss = { version: next, step: 'upload_to_s3' };
    expect(await sentBy(() => docuelevate.countFailedUploads(loss))).toMatch(declared('countFailedUploads'));
    expect(await sentBy(() => docuelevate.restoreSettings(next))).toMatch(declared('restoreSettings'));
    const run = { version: current!, expect: 'extract_metadata_with_gpt' };
    if (!('openai_api_key' in settings)) fixture.lab.editSetting('openai_api_key', fixture.workingKey(), 'somebody');
    expect(await sentBy(() => docuelevate.processTestDocument(run))).toMatch(declared('processTestDocument'));
    fixture.engine.keptDocument = 1;
    const again = { credential: bench.credential, document: 1, step: 'upload_to_s3' };
    expect(await sentBy(() => docuelevate.uploadAgain(again))).toMatch(declared('uploadAgain'));
    expect(await sentBy(() => docuelevate.checkEngine(bench.credential))).toMatch(declared('checkEngine'));
    expect(await sentBy(() => docuelevate.checkAccess(bench.credential))).toMatch(declared('checkAccess'));
  },
);
