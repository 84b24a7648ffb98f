import type { AwsLab } from '../../../src/lab/aws/server.js';
import { hour, minute, type Fixture, startFixture } from './fixture.js';

// One document that stays in the engine: at each look it is uploaded once more, over itself.

let fixture: Fixture;
afterEach(() => fixture.stop());

const aws = () => fixture.scenario.systems['aws'] as AwsLab;
const uploads = () =>
  fixture.engine.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/retry-subtask')).length;
const questions = () => aws().requests.filter(({ query }) => query.includes('GetCallerIdentity')).length;
const next = async (ms = hour) => {
  await fixture.pass(ms);
  return fixture.look();
};

async function begin(): Promise<void> {
  fixture = await startFixture('aws-s3-access-keys', { keptDocument: 1 });
  const { document } = await fixture.keep();
  expect(document).toMatchObject({ outcome: 'proved', detail: expect.stringContaining('as document 1') as string });
  await fixture.rotate();
  await fixture.pass(hour);
  await fixture.look();
}

it('is verified at each look, without a document of anybody and without a question of ours', async () => {
  await begin();
  await next();
  const [objects, asked, before] = [aws().objects(), questions(), uploads()];

  for (let look = 1; look <= 3; look += 1)
    expect(await next()).toMatchObject({ heal: false, known: { state: 'verified', verifiedAt: fixture.now } });

  expect(uploads() - before).toBe(3);
  expect(questions()).toBe(asked);
  expect(aws().objects()).toEqual(objects);
});

it('finds within one look that a restart with an empty Redis brought the dead key back, and heals it', async () => {
  await begin();
  fixture.engine.emptyRedis();
  fixture.engine.restartWorker();

  const suspected = await next();
  const { why } = await fixture.heal();
  const after = await next(10 * minute); // by what the engine has tried again by itself

  expect(suspected).toMatchObject({ heal: true, known: { state: 'suspected', drift: 'failing' } });
  expect(why).toBeNull();
  expect(after.known).toMatchObject({ state: 'verified', healedBy: 'keyturn' });
});

it('asks for no upload while the engine itself still tries one that failed', async () => {
  await begin();
  fixture.engine.emptyRedis();
  fixture.engine.restartWorker();
  await next();
  const failed = uploads();

  await next(10 * minute);
  expect(uploads()).toBe(failed);
  await next(12 * minute);
  expect(uploads()).toBe(failed + 1);
});

it('leaves a document of somebody else alone that has got the number of the kept one', async () => {
  await begin();
  const headers = { authorization: `Bearer ${fixture.engine.apiToken}` };
  await fetch(`${fixture.engine.url}/api/files/1`, { method: 'DELETE', headers });
  await fixture.handIn();
  expect(fixture.engine.files()).toMatchObject([{ id: 1, name: 'letter.pdf' }]);
  const before = uploads();

  const { known } = await next();

  expect(uploads()).toBe(before);
  expect(known?.trouble).toBeNull();
});

it('keeps no document where the destination would have one copy more after each look', async () => {
  fixture = await startFixture('sftp-private-key');

  await expect(fixture.keep()).rejects.toThrow('A kept document does not show whether the engine uses sftp');
});
