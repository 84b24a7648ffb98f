import { docuElevateRequests } from '../../../activities/docuelevate/requests.js';
import { linesOf, patternOf } from '../../contracts/requests.js';
import { type Bench, startBench } from '../bench.js';
import { type DocuElevateStage, startDocuElevateStage } from './stage.js';

let bench: Bench;
let stage: DocuElevateStage;

beforeEach(async () => {
  bench = await startBench();
  stage = await startDocuElevateStage(bench);
});
afterEach(async () => {
  await stage.stop();
  await bench.close();
});

/** What one activity sent, besides what was sent before it. */
async function sentBy(work: () => Promise<unknown>): Promise<string> {
  const before = stage.lab.requests.length;
  await bench.attempt(work);
  return linesOf(stage.lab.requests.slice(before));
}

function declared(verb: keyof typeof docuElevateRequests): RegExp {
  return patternOf(docuElevateRequests[verb]);
}

it.each([{ openai_api_key: 'key' }, { aws_access_key_id: 'id', aws_secret_access_key: 'key' }])(
  'declares what activities send for the settings %j',
  async (settings) => {
    const { docuelevate } = stage;
    stage.engine.settings = settings;
    const adopted = await bench.adopt({ key: stage.workingKey(), id: 'an id' });
    expect(await sentBy(() => docuelevate.holdsAdopted(adopted))).toMatch(declared('holdsAdopted'));
    const { current, next } = await bench.rotate();
    await bench.give(next, { key: stage.workingKey(), id: 'another id' });

    expect(await sentBy(() => docuelevate.writeSettings(current!))).toMatch(declared('writeSettings'));
    await bench.prove(current!, 'accepted');
    expect(await sentBy(() => docuelevate.writeSettings(next))).toMatch(declared('writeSettings'));
    expect(await sentBy(() => docuelevate.settingsAreOurs(next))).toMatch(declared('settingsAreOurs'));
    const loss = { version: next, step: 'upload_to_s3' };
    expect(await sentBy(() => docuelevate.countLost(loss))).toMatch(declared('countLost'));
    expect(await sentBy(() => docuelevate.restoreSettings(next))).toMatch(declared('restoreSettings'));
    const run = { version: current!, expect: 'extract_metadata_with_gpt' };
    if (!('openai_api_key' in settings)) stage.lab.editSetting('openai_api_key', stage.workingKey(), 'somebody');
    expect(await sentBy(() => docuelevate.processTestDocument(run))).toMatch(declared('processTestDocument'));
    stage.engine.keptDocument = 1;
    const again = { credential: bench.credential, document: 1, step: 'upload_to_s3' };
    expect(await sentBy(() => docuelevate.uploadAgain(again))).toMatch(declared('uploadAgain'));
    expect(await sentBy(() => docuelevate.checkEngine(bench.credential))).toMatch(declared('checkEngine'));
    expect(await sentBy(() => docuelevate.checkAccess(bench.credential))).toMatch(declared('checkAccess'));
  },
);
