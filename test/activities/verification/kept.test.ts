import type { AwsLab } from '../../../src/lab/aws/server.js';
import { hour, minute, type Stage, startStage } from './stage.js';

// One document that stays in the engine: at each look it is uploaded once more, over itself.

let stage: Stage;
afterEach(() => stage.stop());

const aws = () => stage.scenario.systems['aws'] as AwsLab;
const uploads = () =>
  stage.engine.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/retry-subtask')).length;
const questions = () => aws().requests.filter(({ query }) => query.includes('GetCallerIdentity')).length;
const next = async (ms = hour) => {
  await stage.pass(ms);
  return stage.look();
};

async function begin(): Promise<void> {
  stage = await startStage('aws-s3-access-keys', { keptDocument: 1 });
  const { document } = await stage.keep();
  expect(document).toMatchObject({ outcome: 'proved', detail: expect.stringContaining('as document 1') as string });
  await stage.rotate();
  await stage.pass(hour);
  await stage.look();
}

it('is verified at each look, without a document of anybody and without a question of ours', async () => {
  await begin();
  await next();
  const [objects, asked, before] = [aws().objects(), questions(), uploads()];

  for (let look = 1; look <= 3; look += 1)
    expect(await next()).toMatchObject({ heal: false, known: { state: 'verified', verifiedAt: stage.now } });

  expect(uploads() - before).toBe(3);
  expect(questions()).toBe(asked);
  expect(aws().objects()).toEqual(objects);
});

it('finds within one look that a restart with an empty Redis brought the dead key back, and heals it', async () => {
  await begin();
  stage.engine.emptyRedis();
  stage.engine.restartWorker();

  const suspected = await next();
  const { why } = await stage.heal();
  const after = await next(10 * minute); // by what the engine has tried again by itself

  expect(suspected).toMatchObject({ heal: true, known: { state: 'suspected', drift: 'failing' } });
  expect(why).toBeNull();
  expect(after.known).toMatchObject({ state: 'verified', healedBy: 'keyturn' });
});

it('asks for no upload while the engine itself still tries one that failed', async () => {
  await begin();
  stage.engine.emptyRedis();
  stage.engine.restartWorker();
  await next();
  const failed = uploads();

  await next(10 * minute);
  expect(uploads()).toBe(failed);
  await next(12 * minute);
  expect(uploads()).toBe(failed + 1);
});

it('leaves a document of somebody else alone that has got the number of the kept one', async () => {
  await begin();
  const headers = { authorization: `Bearer ${stage.engine.apiToken}` };
  await fetch(`${stage.engine.url}/api/files/1`, { method: 'DELETE', headers });
  await stage.handIn();
  expect(stage.engine.files()).toMatchObject([{ id: 1, name: 'letter.pdf' }]);
  const before = uploads();

  const { known } = await next();

  expect(uploads()).toBe(before);
  expect(known?.trouble).toBeNull();
});

it('keeps no document where the destination would have one copy more after each look', async () => {
  stage = await startStage('sftp-private-key');

  await expect(stage.keep()).rejects.toThrow('A document that is kept shows nothing of sftp');
});
