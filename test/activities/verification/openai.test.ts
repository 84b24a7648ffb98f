import { docuElevateRequests } from '../../../activities/docuelevate/requests.js';
import { linesOf, patternOf } from '../../contracts/requests.js';
import { hour, minute, type Stage, startStage } from './stage.js';

let stage: Stage;
beforeEach(async () => {
  stage = await startStage();
  await stage.rotate();
});
afterEach(() => stage.stop());

const key = 'openai_api_key';
const seen = async () => (await stage.look()).known!;
/** Two looks, between which the engine has tried the value. */
async function settled(): Promise<void> {
  await stage.pass(hour);
  await stage.look();
  await stage.pass(hour);
  expect(await seen()).toMatchObject({ state: 'verified' });
}

it('is verified while its last use moves, without a question of ours that would move it', async () => {
  await settled();
  const before = stage.openai.requests.filter(({ path }) => path === '/v1/models').length;
  await stage.pass(hour);

  expect(await seen()).toMatchObject({ state: 'verified', verifiedAt: stage.now, drift: null });

  expect(stage.openai.requests.filter(({ path }) => path === '/v1/models').length).toBe(before);
});

it('an emptied Redis with a restarted worker is found at the next look, and healed by one write', async () => {
  await settled();
  stage.engine.emptyRedis();
  stage.engine.restartWorker();
  await stage.pass(hour);

  const suspected = await stage.look();
  const writes = stage.engine.writes().length;
  const healed = await stage.heal();
  await stage.pass(suspected.againMs!);
  const after = await seen();

  expect(suspected).toMatchObject({ heal: true, known: { state: 'suspected', drift: 'unused' } });
  expect(healed.why).toBeNull();
  expect(stage.engine.writes().length).toBe(writes + 1);
  expect(after).toMatchObject({ state: 'verified', healedAt: stage.now, healedBy: 'keyturn' });
});

it('a worker that does not reload is told, after it was made to reload once', async () => {
  await settled();
  stage.engine.emptyRedis();
  stage.engine.restartWorker();
  stage.engine.staleWorker = true;
  await stage.pass(hour);
  const suspected = await stage.look();
  await stage.heal();
  await stage.pass(suspected.againMs!);

  const told = await stage.look();

  expect(told).toMatchObject({ heal: false, known: { state: 'drifted', drift: 'unused' } });
  expect(told.known?.why).toContain('did not help');
  const writes = stage.engine.writes().length;
  await stage.pass(hour);
  expect(await stage.look()).toMatchObject({ heal: false, known: { state: 'drifted', since: told.known?.since } });
  expect((await stage.heal()).why).toContain('already');
  expect(stage.engine.writes().length).toBe(writes);
});

it('a setting that somebody edited is told, and left alone', async () => {
  await settled();
  stage.engine.editSetting(key, 'sk-of-somebody', 'bob');
  const writes = stage.engine.writes().length;
  await stage.pass(hour);

  const told = await stage.look();

  expect(told).toMatchObject({ heal: false, known: { state: 'drifted', drift: 'edited' } });
  expect(told.known?.why).toContain('bob');
  await stage.heal();
  expect(stage.engine.writes().length).toBe(writes);
});

it('a key that somebody revoked is told, with what to do next', async () => {
  await settled();
  const { providerId } = (await stage.session.store.versions(stage.credential)).at(-1)!;
  const revoked = stage.openai.keys().find(({ id }) => providerId?.endsWith(id));
  stage.openai.killKey(revoked!.id);
  await stage.pass(5 * minute);

  const told = await stage.look();

  expect(told).toMatchObject({ heal: false, known: { state: 'drifted', drift: 'revoked' } });
  expect(told.known?.why).toMatch(/keyturn rotate openai.+keyturn emergency openai/);
});

it('a database of the engine that was put back is told', async () => {
  await settled();
  stage.engine.restoreDatabase(0);
  await stage.pass(hour);

  expect(await seen()).toMatchObject({ state: 'drifted', drift: 'restored' });
});

it('is not looked at while a rotation is open', async () => {
  await settled();
  const { credential, session } = stage;
  const row = (await session.store.credentials())[0]!;
  const request = { actor: 'ada', trigger: 'manual', reason: 'a test' } as const;
  await session.store.open(row, [], request, { workflowId: 'rotation/openai', runId: 'run' });
  const before = stage.engine.requests.length;

  const { skipped } = await stage.look();

  expect(skipped).toContain('a rotation is open');
  expect(stage.engine.requests.length).toBe(before);
  expect(await session.store.verification(credential)).toMatchObject({ state: 'verified' });
});

describe('a heal', () => {
  const open = (workflowId: string) =>
    stage.session.store.beginRepair(stage.credential, 'verification', { workflowId, runId: 'of a process that died' });
  async function suspect(): Promise<void> {
    await settled();
    stage.engine.emptyRedis();
    stage.engine.restartWorker();
    await stage.pass(hour);
    expect(await stage.look()).toMatchObject({ heal: true });
  }

  it('is left out while somebody else works on the credential', async () => {
    await suspect();
    await open('reconcile/openai');
    const writes = stage.engine.writes().length;

    expect((await stage.heal()).why).toContain('a rotation is open');

    expect(stage.engine.writes().length).toBe(writes);
  });

  it('takes the place of one whose process has died, so that rotations can begin again', async () => {
    await suspect();
    await open('verification/openai');

    expect((await stage.heal()).why).toContain('is being healed');
    await stage.pass(3 * minute);

    expect((await stage.heal()).why).toBeNull();
    expect((await stage.session.store.rotations('openai')).filter(({ closedAt }) => closedAt === null)).toEqual([]);
  });

  it('waits for a worker: while none is online, the one attempt is not used up', async () => {
    await suspect();
    stage.engine.faults.add({
      ...{ method: 'GET', path: '/api/queue/stats' },
      kind: { status: 200, body: JSON.stringify({ celery: { workers_online: 0 } }) },
    });

    expect((await stage.heal()).why).toContain('no worker of DocuElevate is online');
    stage.engine.faults.clear();

    expect((await stage.heal()).why).toBeNull();
    expect((await stage.heal()).why).toContain('already');
  });

  it('does not write over what somebody has written meanwhile', async () => {
    await suspect();
    stage.engine.editSetting(key, 'sk-of-somebody', 'bob');
    const writes = stage.engine.writes().length;

    expect((await stage.heal()).why).toContain('bob');

    expect(stage.engine.writes().length).toBe(writes);
  });
});

it('declares what it sends to the engine', async () => {
  await settled();
  await stage.handIn();
  const before = stage.engine.requests.length;
  await stage.look();
  expect(linesOf(stage.engine.requests.slice(before))).toMatch(patternOf(docuElevateRequests.look));

  stage.engine.emptyRedis();
  stage.engine.restartWorker();
  await stage.pass(2 * hour);
  await stage.look();
  const sent = stage.engine.requests.length;
  await stage.heal();

  expect(linesOf(stage.engine.requests.slice(sent))).toMatch(patternOf(docuElevateRequests.makeReload));
});
