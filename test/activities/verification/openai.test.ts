import { docuElevateRequests } from '../../../activities/docuelevate/requests.js';
import { linesOf, patternOf } from '../../contracts/requests.js';
import { hour, minute, type Fixture, startFixture } from './fixture.js';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await startFixture();
  await fixture.rotate();
});
afterEach(() => fixture.stop());

const key = 'openai_api_key';
const seen = async () => (await fixture.look()).known!;
/** Two looks, between which the engine has tried the value. */
async function settled(): Promise<void> {
  await fixture.pass(hour);
  await fixture.look();
  await fixture.pass(hour);
  expect(await seen()).toMatchObject({ state: 'verified' });
}

it('is verified while its last use moves, without a question of ours that would move it', async () => {
  await settled();
  const before = fixture.openai.requests.filter(({ path }) => path === '/v1/models').length;
  await fixture.pass(hour);

  expect(await seen()).toMatchObject({ state: 'verified', verifiedAt: fixture.now, drift: null });

  expect(fixture.openai.requests.filter(({ path }) => path === '/v1/models').length).toBe(before);
});

it('an emptied Redis with a restarted worker is found at the next look, and healed by one write', async () => {
  await settled();
  fixture.engine.emptyRedis();
  fixture.engine.restartWorker();
  await fixture.pass(hour);

  const suspected = await fixture.look();
  const writes = fixture.engine.writes().length;
  const healed = await fixture.heal();
  await fixture.pass(suspected.againMs!);
  const after = await seen();

  expect(suspected).toMatchObject({ heal: true, known: { state: 'suspected', drift: 'unused' } });
  expect(healed.why).toBeNull();
  expect(fixture.engine.writes().length).toBe(writes + 1);
  expect(after).toMatchObject({ state: 'verified', healedAt: fixture.now, healedBy: 'keyturn' });
});

it('a worker that does not reload is told, after it was made to reload once', async () => {
  await settled();
  fixture.engine.emptyRedis();
  fixture.engine.restartWorker();
  fixture.engine.staleWorker = true;
  await fixture.pass(hour);
  const suspected = await fixture.look();
  await fixture.heal();
  await fixture.pass(suspected.againMs!);

  const told = await fixture.look();

  expect(told).toMatchObject({ heal: false, known: { state: 'drifted', drift: 'unused' } });
  expect(told.known?.why).toContain('did not help');
  const writes = fixture.engine.writes().length;
  await fixture.pass(hour);
  expect(await fixture.look()).toMatchObject({ heal: false, known: { state: 'drifted', since: told.known?.since } });
  expect((await fixture.heal()).why).toContain('already');
  expect(fixture.engine.writes().length).toBe(writes);
});

it('a setting that somebody edited is told, and left alone', async () => {
  await settled();
  fixture.engine.editSetting(key, 'sk-of-somebody', 'bob');
  const writes = fixture.engine.writes().length;
  await fixture.pass(hour);

  const told = await fixture.look();

  expect(told).toMatchObject({ heal: false, known: { state: 'drifted', drift: 'edited' } });
  expect(told.known?.why).toContain('bob');
  await fixture.heal();
  expect(fixture.engine.writes().length).toBe(writes);
});

it('a key that somebody revoked is told, with what to do next', async () => {
  await settled();
  const { providerId } = (await fixture.session.store.versions(fixture.credential)).at(-1)!;
  const revoked = fixture.openai.keys().find(({ id }) => providerId?.endsWith(id));
  fixture.openai.killKey(revoked!.id);
  await fixture.pass(5 * minute);

  const told = await fixture.look();

  expect(told).toMatchObject({ heal: false, known: { state: 'drifted', drift: 'revoked' } });
  expect(told.known?.why).toMatch(/keyturn rotate openai.+keyturn emergency openai/);
});

it('a database of the engine that was put back is told', async () => {
  await settled();
  fixture.engine.restoreDatabase(0);
  await fixture.pass(hour);

  expect(await seen()).toMatchObject({ state: 'drifted', drift: 'restored' });
});

it('is not looked at while a rotation is open', async () => {
  await settled();
  const { credential, session } = fixture;
  const row = (await session.store.credentials())[0]!;
  const request = { actor: 'ada', trigger: 'manual', reason: 'a test' } as const;
  await session.store.open(row, [], request, { workflowId: 'rotation/openai', runId: 'run' });
  const before = fixture.engine.requests.length;

  const { skipped } = await fixture.look();

  expect(skipped).toContain('is open and does its own checks');
  expect(fixture.engine.requests.length).toBe(before);
  expect(await session.store.verification(credential)).toMatchObject({ state: 'verified' });
});

describe('a heal', () => {
  const open = (workflowId: string) =>
    fixture.session.store.beginRepair(fixture.credential, 'verification', {
      workflowId,
      runId: 'of a process that died',
    });
  async function suspect(): Promise<void> {
    await settled();
    fixture.engine.emptyRedis();
    fixture.engine.restartWorker();
    await fixture.pass(hour);
    expect(await fixture.look()).toMatchObject({ heal: true });
  }

  it('is left out while somebody else works on the credential', async () => {
    await suspect();
    await open('reconcile/openai');
    const writes = fixture.engine.writes().length;

    expect((await fixture.heal()).why).toContain('is open and does its own checks');

    expect(fixture.engine.writes().length).toBe(writes);
  });

  it('takes the place of one whose process has died, so that rotations can begin again', async () => {
    await suspect();
    await open('verification/openai');

    expect((await fixture.heal()).why).toContain('is being healed');
    await fixture.pass(3 * minute);

    expect((await fixture.heal()).why).toBeNull();
    expect((await fixture.session.store.rotations('openai')).filter(({ closedAt }) => closedAt === null)).toEqual([]);
  });

  it('waits for a worker: while none is online, the one attempt is not used up', async () => {
    await suspect();
    fixture.engine.faults.add({
      ...{ method: 'GET', path: '/api/queue/stats' },
      kind: { status: 200, body: JSON.stringify({ celery: { workers_online: 0 } }) },
    });

    expect((await fixture.heal()).why).toContain('no worker of DocuElevate is online');
    fixture.engine.faults.clear();

    expect((await fixture.heal()).why).toBeNull();
    expect((await fixture.heal()).why).toContain('already');
  });

  it('does not write over what somebody has written meanwhile', async () => {
    await suspect();
    fixture.engine.editSetting(key, 'sk-of-somebody', 'bob');
    const writes = fixture.engine.writes().length;

    expect((await fixture.heal()).why).toContain('bob');

    expect(fixture.engine.writes().length).toBe(writes);
  });
});

it('declares what it sends to the engine', async () => {
  await settled();
  await fixture.handIn();
  const before = fixture.engine.requests.length;
  await fixture.look();
  expect(linesOf(fixture.engine.requests.slice(before))).toMatch(patternOf(docuElevateRequests.look));

  fixture.engine.emptyRedis();
  fixture.engine.restartWorker();
  await fixture.pass(2 * hour);
  await fixture.look();
  const sent = fixture.engine.requests.length;
  await fixture.heal();

  expect(linesOf(fixture.engine.requests.slice(sent))).toMatch(patternOf(docuElevateRequests.makeReload));
});
