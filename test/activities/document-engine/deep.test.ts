import { isStale } from '../../../src/domain/engine-profile.js';
import type { Behavior, SecretType } from '../../../src/lab/document-engine/state.js';
import { type Bench, failureOf, startBench } from '../bench.js';
import { type DocumentEngineFixture, startFixture } from './fixture.js';

let bench: Bench;
let fixture: DocumentEngineFixture;

async function begin(type: SecretType, behavior: Partial<Behavior> = {}): Promise<void> {
  bench = await startBench();
  fixture = await startFixture(bench, { type, behavior });
  await bench.store.close(fixture.next, 'failed', 'the test goes on');
}
afterEach(async () => {
  await fixture.lab.stop();
  await bench.close();
});

const check = (rotatesToItself = false, restart?: 'before' | 'after') =>
  bench.attempt(() =>
    fixture.activities.checkDeep({ credential: bench.credential, rotatesToItself, ...(restart && { restart }) }),
  );
const profile = async () => (await bench.store.profile(bench.credential)).profile;
const isOurs = async () => (await bench.attempt(() => fixture.activities.survey(bench.credential))).settings[0]?.byUs;

const usual = {
  ...{ change: 'PATCH', precision: 6, zone: 'Z', duplicates: 'allowed', pastExpiry: 'allowed' },
  ...{ version: '1.18.1', probe: 'POST /api/build', sessions: 'go-on' },
};

const strict = { change: 'POST', otherChange: 404, duplicates: 'refused', pastExpiry: 'refused' } as const;
const strictly = { change: 'POST', duplicates: 'refused', pastExpiry: 'refused' };
const variants: readonly [Partial<Behavior>, object][] = [
  [{}, { rotate: 'drops' }],
  [{ rotate: 'keeps' }, { rotate: 'keeps' }],
  [{ rotate: 'in-place' }, { rotate: 'in-place' }],
  [
    { rotate: 'drops', ...strict },
    { rotate: 'drops', ...strictly },
  ],
  [
    { rotate: 'keeps', ...strict },
    { rotate: 'keeps', ...strictly },
  ],
  [
    { rotate: 'in-place', ...strict },
    { rotate: 'in-place', ...strictly },
  ],
  [{ precision: 3 }, { precision: 3 }],
  [
    { precision: 0, zone: 'none' },
    { precision: 0, zone: '' },
  ],
  [{ zone: '+00:00' }, { zone: '+00:00' }],
  [{ upstreamJwt: 401 }, { probe: 'POST /i/d/{document}/auth' }],
  [{ upstreamJwt: 403 }, { probe: 'POST /i/d/{document}/auth' }],
  [{ front: 'proxy' }, { probe: 'POST /i/d/{document}/auth' }],
  [{ sessions: 'end' }, { sessions: 'end' }],
  [{ server: null }, { version: null }],
];

describe.each(variants)('an engine that does so: %j', (behavior, differs) => {
  it('is told apart by its key, and nothing stays', async () => {
    await begin('jwt', behavior);
    const before = fixture.lab.values('jwt');

    const checks = await check(true);

    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(await profile()).toMatchObject({ ...usual, ...differs });
    expect(fixture.lab.values('jwt')).toEqual(before);
    expect(fixture.lab.secrets('jwt')).toHaveLength(1);
    expect(await isOurs()).toBe(true);
    expect((await bench.store.profile(bench.credential)).trial).toBeNull();
  });

  it('is told apart by its list, where nobody can be asked', async () => {
    await begin('secret_key_base', behavior);
    const before = fixture.lab.secrets('secret_key_base');
    const unseen = { rotate: null, probe: null, sessions: null };

    const checks = await check(true);

    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(await profile()).toMatchObject({ ...usual, ...differs, ...unseen });
    expect(fixture.lab.secrets('secret_key_base')).toEqual(before);
  });
});

it('measures how late a node learns', async () => {
  await begin('jwt', { nodes: 2, lagMs: 1500 });

  await check();

  const { lagMs = 0 } = (await profile()) ?? {};
  expect(lagMs).toBeGreaterThan(1000);
  expect(lagMs).toBeLessThan(8000);
});

it('tries a dashboard with one wrong password, and no other', async () => {
  await begin('dashboard_password', { dashboardFailures: 2, rotate: 'keeps' });

  const checks = await check(true);

  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(await profile()).toMatchObject({ probe: 'GET /dashboard', rotate: 'keeps', sessions: null });
  expect(fixture.lab.values('dashboard_password')).toEqual([fixture.lab.environment.dashboard_password]);
});

it('says that a dashboard shows nothing behind a sign-on, and finds out the rest', async () => {
  await begin('dashboard_password', { front: 'sign-on', pastExpiry: 'refused' });

  const checks = await check();

  expect(checks.find(({ what }) => what === 'acceptance')).toMatchObject({ ok: true, warning: true });
  expect(await profile()).toMatchObject({ probe: null, pastExpiry: 'refused' });
});

it('ends with the next look what a crash has left', async () => {
  await begin('jwt');
  const hang = { method: 'POST', path: '/api/build', kind: { status: 500 }, times: Infinity } as const;
  fixture.lab.faults.add(hang);
  fixture.lab.faults.add({ method: 'PATCH', path: '/api/secrets/{type}/{id}', kind: { status: 500 }, times: Infinity });
  await check().catch(() => undefined);
  expect(fixture.lab.secrets('jwt').length).toBeGreaterThan(1);
  expect((await bench.store.profile(bench.credential)).trial).not.toBeNull();
  fixture.lab.faults.clear();

  const checks = await check();

  expect(checks.at(-1)?.detail).toContain('of an earlier one');
  expect(fixture.lab.secrets('jwt')).toHaveLength(1);
});

it('adds only what ends by itself within ten minutes, and leaves alone what somebody else has added', async () => {
  await begin('jwt');
  fixture.lab.addByHand('jwt', fixture.lab.environment.jwt);
  const theirs = fixture.lab.secrets('jwt');

  await check();

  expect(fixture.lab.secrets('jwt')).toEqual(theirs);
  expect(fixture.lab.brief('jwt')).toHaveLength(1);
});

describe.each([
  [false, 'kept'],
  [true, 'replaced'],
] as const)('a restart with REPLACE_SECRETS_FROM_ENV=%s', (replaceSecretsFromEnv, restart) => {
  it('is seen through, and a rotation asks about it', async () => {
    bench = await startBench();
    fixture = await startFixture(bench, { replaceSecretsFromEnv });
    await bench.store.close(fixture.next, 'failed', 'the test goes on');

    await check(false, 'before');
    fixture.lab.restart();
    const checks = await check(false, 'after');
    const { next } = await bench.rotate();
    const required = bench.attempt(() => fixture.activities.requireKept(next));

    expect(checks.find(({ what }) => what === 'restart')).toMatchObject({ ok: restart === 'kept' });
    expect(await profile()).toMatchObject({ restart });
    expect(fixture.lab.secrets('jwt')).toHaveLength(1);
    if (restart === 'kept') await required;
    else expect((await failureOf(required)).message).toContain('was seen to restore');
  });
});

it('is told of a restart only after one was prepared for', async () => {
  await begin('jwt');

  expect(await check(false, 'after')).toMatchObject([{ what: 'trial', ok: false }]);
});

it('does not begin beside a rotation', async () => {
  await begin('jwt');
  await bench.rotate();
  const before = fixture.lab.requests.length;

  expect(await check()).toMatchObject([
    { what: 'trial', ok: false, detail: expect.stringContaining('is open') as string },
  ]);
  expect(fixture.lab.requests).toHaveLength(before);
});

it('is followed: nothing is tried that the engine refuses', async () => {
  await begin('jwt', { rotate: 'keeps', change: 'POST', otherChange: 404, pastExpiry: 'refused', upstreamJwt: 403 });
  await check();
  const { next } = await bench.rotate();
  await bench.attempt(() => fixture.activities.generate(next));
  await bench.attempt(() => fixture.activities.addSecret(next));
  const before = fixture.lab.requests.length;

  await bench.attempt(() => fixture.activities.accepts(next));
  await bench.store.note(next, { compromised: true });
  await failureOf(bench.attempt(() => fixture.activities.expireSecret(next)));

  const asked = fixture.lab.requests.slice(before);
  expect(asked.filter(({ method, status }) => method === 'PATCH' || status === 400 || status === 404)).toEqual([]);
  expect(asked.filter(({ path }) => path === '/api/build')).toEqual([]);
});

it('goes stale with another release, which everybody sees who asks', async () => {
  await begin('jwt', { change: 'POST' });
  await check();
  expect(isStale(await bench.store.profile(bench.credential))).toBe(false);

  fixture.lab.behavior.server = 'Document Engine/1.19.0';
  const checks = await bench.attempt(() => fixture.activities.checkAccess(bench.credential));

  expect(checks.find(({ what }) => what === 'profile')).toMatchObject({ ok: true, warning: true });
  expect(isStale(await bench.store.profile(bench.credential))).toBe(true);
});
