import type { DocumentEngineActivities } from '../../../activities/document-engine/activities.js';
import type { Behavior } from '../../../src/lab/document-engine/state.js';
import type { Finding } from '../../../src/domain/evidence.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { type Bench, failureOf, startBench } from '../bench.js';
import { type DocumentEngineFixture, startFixture } from './fixture.js';

let bench: Bench;
let fixture: DocumentEngineFixture;

beforeEach(async () => {
  bench = await startBench();
});
afterEach(async () => {
  await fixture.lab.stop();
  await bench.close();
});

async function begin(type: 'jwt' | 'dashboard_password' = 'jwt'): Promise<void> {
  fixture = await startFixture(bench, { type });
}

type Verb = Exclude<keyof DocumentEngineActivities, 'makeCurrent' | 'checkAccess' | 'checkDeep' | 'survey'>;
const run = (verb: Verb, ref: VersionRef) =>
  bench.attempt<unknown>(() => fixture.activities[verb](ref)) as Promise<Finding>;
const behave = (behavior: Partial<Behavior>) => Object.assign(fixture.lab.behavior, behavior);

/** Both valid, the new one in force in the store, the old one proved to have worked. */
async function switched(): Promise<void> {
  await run('generate', fixture.next);
  await run('addSecret', fixture.old);
  await run('addSecret', fixture.next);
  expect(await run('accepts', fixture.old)).toMatchObject({ outcome: 'proved' });
  await bench.promote(fixture.next);
}

/** As an emergency leaves it, with nothing of ours in force. */
async function contained(): Promise<void> {
  await run('generate', fixture.next);
  expect(await run('accepts', fixture.old)).toMatchObject({ outcome: 'proved' });
  await bench.store.note(fixture.old, { compromised: true });
  await run('displace', fixture.next);
}

describe('a refusal of a key', () => {
  beforeEach(() => begin());

  it.each([
    { front: 'proxy' as const },
    { front: 'proxy' as const, server: null },
    { upstreamJwt: 401 as const },
    { upstreamJwt: 403 as const },
    { upstreamJwt: 403 as const, server: null },
  ])('is not proved while the key works, in an emergency without a current one: %j', async (behavior) => {
    fixture.lab.behavior.rotate = 'keeps';
    await contained();
    behave(behavior);

    const found = await run('refuses', fixture.old).catch((error: unknown) => error);

    expect(fixture.lab.values('jwt')).toContain(fixture.lab.environment.jwt);
    expect(found).not.toMatchObject({ outcome: 'proved' });
  });

  it('is proved in an emergency beside a value that is made for it, which nobody holds', async () => {
    await contained();
    await run('expireOthers', { ...fixture.next, number: 99 });

    const found = await run('refuses', fixture.old);

    expect(found).toMatchObject({ outcome: 'proved' });
    expect(found.detail).toBe('POST /api/build answered 403, while it accepted a value that was made for this check');
    expect(fixture.lab.values('jwt')).toHaveLength(1);
    expect(await bench.store.identify(fixture.lab.values('jwt')[0]!)).toEqual([]);
  });

  it('puts no value in the place of one that somebody made current after the emergency', async () => {
    await contained();
    fixture.lab.rotateByHand('jwt', fixture.lab.environment.jwt);

    expect(await run('refuses', fixture.old)).toMatchObject({ outcome: 'not-observable' });
    expect(fixture.lab.values('jwt')).toEqual([fixture.lab.environment.jwt]);
  });

  it.each([401, 403] as const)(
    'is proved by a viewer’s request where POST /api/build answers every token %i',
    async (upstreamJwt) => {
      behave({ upstreamJwt });
      await switched();
      await bench.attempt(() => fixture.activities.makeCurrent({ version: fixture.next, former: fixture.old }));
      await run('expireSecret', fixture.old);

      expect(await run('refuses', fixture.old)).toMatchObject({
        outcome: 'proved',
        detail: 'POST /i/d/{document}/auth answered 401, while it accepted the current value',
      });
      expect(fixture.lab.requests.filter(({ method }) => method === 'DELETE').at(-1)?.status).toBe(200);
    },
  );

  it('is not observable where a proxy answers 401 to every token on its way', async () => {
    await switched();
    fixture.lab.faults.add({ method: 'POST', path: '/i/d/{id}/auth', times: Infinity, kind: { status: 401 } });
    behave({ front: 'proxy' });

    expect(await run('refuses', fixture.old)).toMatchObject({ outcome: 'not-observable' });
  });
});

describe('an acceptance of a key', () => {
  beforeEach(() => begin());

  it('is not observable where every key is accepted', async () => {
    fixture.lab.faults.add({ method: 'POST', path: '/api/build', times: Infinity, kind: { status: 200 } });
    fixture.lab.faults.add({ method: 'POST', path: '/i/d/{id}/auth', times: Infinity, kind: { status: 200 } });

    expect(await run('accepts', fixture.old)).toMatchObject({ outcome: 'not-observable' });
  });

  it('is refused for a key that the engine does not have, wherever it takes tokens', async () => {
    await run('generate', fixture.next);

    expect(await run('accepts', fixture.next)).toMatchObject({ outcome: 'failed' });
    behave({ upstreamJwt: 403 });
    expect(await run('accepts', fixture.next)).toMatchObject({ outcome: 'failed' });
  });
});

describe('a dashboard password', () => {
  beforeEach(() => begin('dashboard_password'));

  it.each(['sign-on', 'login-page'] as const)('is not called accepted by a %s before the dashboard', async (front) => {
    behave({ front });
    await run('generate', fixture.next);

    expect(await run('accepts', fixture.next)).toMatchObject({ outcome: 'not-observable' });
    expect(await run('accepts', fixture.old)).toMatchObject({ outcome: 'not-observable' });
  });

  it('is tried once only where it is refused, and what has to be accepted comes after it', async () => {
    await switched();
    await bench.attempt(() => fixture.activities.makeCurrent({ version: fixture.next, former: fixture.old }));
    await run('expireSecret', fixture.old);
    const before = fixture.lab.requests.length;

    expect(await run('refuses', fixture.old)).toMatchObject({ outcome: 'proved' });

    expect(fixture.lab.requests.slice(before).map(({ status }) => status)).toEqual([401, 401, 200]);
  });

  it('is sent twice over the propagation delay before it is called not accepted, for wrong passwords count', async () => {
    Object.assign(fixture.settings, { propagationMs: 10_000, connections: 3 });
    bench.clockOffsetMs = -20_000;
    await run('generate', fixture.next);
    const before = fixture.lab.requests.length;

    const failure = await failureOf(run('accepts', fixture.next));
    bench.clockOffsetMs = 0;
    const found = await run('accepts', fixture.next);

    expect(failure).toMatchObject({ type: 'Propagating', nextRetryDelay: 10_000 });
    expect(found).toMatchObject({ kind: 'accepted', outcome: 'failed' });
    expect(found.detail).toBe('Document Engine refuses the password: GET /dashboard refused it');
    expect(fixture.lab.requests.slice(before).map(({ status }) => status)).toEqual([401, 401, 401, 401]);
  });

  it.each([401, 403, 429] as const)(
    'is not called refused where the address is let in with none (%i)',
    async (block) => {
      await switched();
      behave({ dashboardFailures: 0, dashboardBlock: block });

      const found = await run('refuses', fixture.old).catch((error: unknown) => error);

      expect(fixture.lab.values('dashboard_password')).toContain(fixture.lab.environment.dashboard_password);
      expect(found).not.toMatchObject({ outcome: 'proved' });
    },
  );

  it('is proved refused in an emergency beside one that is made for it', async () => {
    await contained();
    await run('expireOthers', { ...fixture.next, number: 99 });

    expect(await run('refuses', fixture.old)).toMatchObject({ outcome: 'proved' });
  });
});

describe('an addition', () => {
  beforeEach(() => begin());

  it.each([
    { precision: 3 as const },
    { precision: 0 as const },
    { zone: '+00:00' as const },
    { precision: 0 as const, zone: 'none' as const },
  ])('is recognized as whatever the list shows of its expiry, and made once: %j', async (behavior) => {
    behave(behavior);
    await run('generate', fixture.next);

    for (let attempt = 0; attempt < 5; attempt += 1) await run('addSecret', fixture.next);

    expect(fixture.lab.secrets('jwt')).toHaveLength(2);
  });

  it.each([{ precision: 0 as const }, { precision: 3 as const, zone: 'none' as const }])(
    'is found again when its answer was lost, renewed and ended: %j',
    async (behavior) => {
      behave(behavior);
      await run('generate', fixture.next);
      fixture.lab.faults.add({ method: 'POST', path: '/api/secrets/{type}', kind: 'reset-after' });

      expect(await failureOf(run('addSecret', fixture.next))).toMatchObject({ nonRetryable: false });
      await run('addSecret', fixture.next);
      expect(fixture.lab.secrets('jwt')).toHaveLength(2);
      const [, spare] = fixture.lab.secrets('jwt');
      const soon = new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10) + spare!.expiresAt!.slice(10);
      fixture.lab.expireByHand('jwt', spare!.id, soon.endsWith('Z') ? soon : `${soon}Z`);
      await run('addSecret', fixture.next);
      expect(Date.parse(fixture.lab.secrets('jwt')[1]!.expiresAt!) - Date.now()).toBeGreaterThan(50 * 86_400_000);
      await bench.store.note(fixture.next, { compromised: true });
      await run('expireSecret', fixture.next);

      expect(fixture.lab.secrets('jwt')).toHaveLength(1);
    },
  );

  it('of somebody else is not taken for ours, at whatever precision', async () => {
    behave({ precision: 0 });
    await run('generate', fixture.next);
    await run('addSecret', fixture.next);
    fixture.lab.addByHand('jwt', fixture.lab.environment.jwt);
    await bench.store.note(fixture.next, { compromised: true });

    await run('expireSecret', fixture.next);

    expect(fixture.lab.secrets('jwt').map(({ id }) => id)).toEqual([1, 3]);
  });
});
