import { setTimeout as delay } from 'node:timers/promises';
import { endpoints } from '../../../activities/openai/requests.js';
import type { Finding } from '../../../src/domain/evidence.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { type Bench, failureOf, randomValue, startBench } from '../bench.js';
import { labPath, type OpenAiFixture, startOpenAiFixture } from './fixture.js';

/** By OpenAI's clock, which is not ours. */
const start = Date.UTC(2031, 0, 1);
let now: number;
let bench: Bench;
let fixture: OpenAiFixture;
let next: VersionRef;

beforeEach(async () => {
  now = start;
  bench = await startBench();
  fixture = await startOpenAiFixture(bench, { clock: () => now });
  ({ next } = await bench.rotate());
});
afterEach(async () => {
  await fixture.lab.stop();
  await bench.close();
});

type Verb = 'create' | 'accepts' | 'sawUse' | 'isIdle' | 'refuses';

function ask(verb: Exclude<Verb, 'create'>, version: VersionRef = next, waitedMs = 0): Promise<Finding> {
  return bench.attempt(() => fixture.openai[verb](version), { waitedMs });
}
const create = (version = next): Promise<void> => bench.attempt(() => fixture.openai.create(version));

function pass(seconds: number): void {
  now += seconds * 1000;
}

/** The engine makes a call with a version's key. */
async function use(version: VersionRef): Promise<void> {
  const { key } = await bench.store.unseal(version);
  await fetch(`${fixture.lab.baseUrl}/models`, { headers: { authorization: `Bearer ${key}` } });
}

function answer(status: number, body: string): void {
  fixture.lab.faults.add({ method: 'GET', path: '/v1/models', times: Infinity, kind: { status, body } });
}

/** Version 1, which OpenAI accepted, replaced by version 2, which was seen in use at `start` + 100 s. */
async function replaced(): Promise<{ old: VersionRef; current: VersionRef }> {
  await create();
  await ask('accepts');
  await bench.store.promote(next);
  const rotation = await bench.rotate();
  await create(rotation.next);
  pass(100);
  await bench.prove(rotation.next, 'in-use', 'proved', Math.floor(now / 1000));
  await bench.store.promote(rotation.next);
  return { old: rotation.current!, current: rotation.next };
}

describe('acceptance', () => {
  it("comes with the time by OpenAI's clock", async () => {
    await create();

    expect(await ask('accepts')).toEqual({
      kind: 'accepted',
      outcome: 'proved',
      detail: 'GET /models answered 200',
      providerTime: start / 1000,
    });
    expect(await bench.store.read(next)).toMatchObject({ provider: 'accepted' });
  });

  it.each([
    [401, null],
    [403, 'missing_scope'],
  ])('counts a key that is known but lacks the scope for the question (%i, %s)', async (status, code) => {
    await create();
    const error = { message: 'Missing scopes: model.read', type: 'invalid_request_error', code };
    answer(status, JSON.stringify({ error }));

    const finding = await ask('accepts');

    expect(finding.outcome).toBe('proved');
    expect(finding.detail).toContain('lacks the scope');
  });

  it.each([401, 403])('is not judged by a %i that is not from OpenAI', async (status) => {
    await create();
    answer(status, '<html>Please log in to the proxy</html>');

    expect(await failureOf(ask('accepts'))).toMatchObject({ type: 'Unavailable', nonRetryable: false });
    expect(await bench.store.evidence(next)).toEqual([]);
  });

  it('fails at once for an adopted key that is refused, and says who refuses it', async () => {
    fixture.account.propagationMs = 60_000;
    await bench.store.close(next, 'failed', 'the test adopts a value');
    const version = await bench.adopt({ key: randomValue() });

    expect(await ask('accepts', version)).toMatchObject({
      outcome: 'failed',
      detail: expect.stringMatching(/^OpenAI refuses the key: /) as string,
    });
  });

  it('fails for an old key that is refused', async () => {
    fixture.account.propagationMs = 60_000;
    bench.clockOffsetMs = -61_000;
    await create();
    bench.clockOffsetMs = 0;
    fixture.lab.killKey(fixture.lab.keys()[0]?.id ?? '');

    for (const offsetMs of [0, 15_000, 30_000, 45_000]) {
      bench.clockOffsetMs = offsetMs;
      expect(await failureOf(ask('accepts'))).toMatchObject({ type: 'Propagating', nextRetryDelay: 15_000 });
    }
    bench.clockOffsetMs = 60_000;
    expect(await ask('accepts')).toMatchObject({ outcome: 'failed' });
    expect(await bench.store.read(next)).toMatchObject({ provider: 'refused' });
  });

  it('is not denied because of one refusal of a key that works', async () => {
    await create();
    await ask('accepts');
    fixture.account.propagationMs = 100;
    await delay(100);
    const error = { message: 'Incorrect API key', type: 'invalid_request_error', code: 'invalid_api_key' };
    fixture.lab.faults.add({
      method: 'GET',
      path: '/v1/models',
      kind: { status: 401, body: JSON.stringify({ error }) },
    });

    expect(await failureOf(ask('accepts'))).toMatchObject({ type: 'Propagating' });
    expect(await ask('accepts')).toMatchObject({ outcome: 'proved' });
  });

  describe('before the old key goes', () => {
    const statuses = () => fixture.lab.requests.filter(({ path }) => path === '/v1/models').map(({ status }) => status);

    /** A new key that every seventh connection refuses for a while, after the old one. */
    async function late(engine: 'yes' | 'no'): Promise<void> {
      await create();
      await bench.promote(next);
      ({ next } = await bench.rotate());
      await fixture.lab.stop();
      fixture = await startOpenAiFixture(bench, { propagationMs: 400, lateEvery: 7 });
      fixture.account.propagationMs = 250;
      await create();
      await bench.store.note(next, { engine });
    }

    it('counts only when no server refused the new one over the propagation delay', async () => {
      await late('yes');

      const finding = await bench.untilDone(() => fixture.openai.accepts(next));

      expect(finding.outcome).toBe('proved');
      expect(statuses()).toContain(401);
      expect(statuses().slice(-15)).toEqual(Array.from({ length: 15 }, () => 200)); // five rounds of three
    });

    it('holds nothing up while the engine does not have the new one yet', async () => {
      await late('no');

      expect(await ask('accepts')).toMatchObject({ outcome: 'proved' });
      expect(statuses()).toEqual([200, 200, 200]);
    });

    it('holds no emergency up', async () => {
      await late('yes');
      const row = { name: bench.credential, procedure: 'openai-api-key', account: 'a test' };
      const request = { actor: 'ada', trigger: 'emergency', reason: 'it leaked' } as const;
      const { opened } = await bench.store.seize(row, request, bench.writer);
      next = opened.next;
      await create();
      await bench.store.note(next, { engine: 'yes' });

      expect(await ask('accepts')).toMatchObject({ outcome: 'proved' });
    });

    it('is asked once more, when it lasted before', async () => {
      await late('yes');
      await bench.untilDone(() => fixture.openai.accepts(next));
      await bench.promote(next);
      const before = statuses().length;

      expect(await ask('accepts')).toMatchObject({ outcome: 'proved' });
      expect(statuses()).toHaveLength(before + 3);
    });
  });

  it('asks again soon at first, and last when the propagation delay ends', async () => {
    fixture.account.propagationMs = 60_000;
    await create();
    fixture.lab.killKey(fixture.lab.keys()[0]?.id ?? '');
    const young = await failureOf(ask('accepts'));
    await bench.store.move(next, 'discarding');
    bench.clockOffsetMs = -40_000;
    const { next: older } = await bench.rotate();
    await create(older);
    fixture.lab.killKey(fixture.lab.keys()[1]?.id ?? '');
    const old = await failureOf(ask('accepts', older));

    expect(young.nextRetryDelay).toBe(1000);
    expect(old.nextRetryDelay).toBeLessThanOrEqual(20_000);
    expect(old.nextRetryDelay).toBeGreaterThan(19_000);
  });
});

describe('use by the engine', () => {
  it('is seen when it came after our own question', async () => {
    await create();
    await ask('accepts');
    pass(5);
    await use(next);

    expect(await ask('sawUse')).toMatchObject({
      kind: 'in-use',
      outcome: 'proved',
      providerTime: start / 1000 + 5,
    });
  });

  it('does not mistake our own question for it', async () => {
    await create();
    await ask('accepts');
    pass(5);
    await ask('accepts');

    expect(await failureOf(ask('sawUse'))).toMatchObject({ type: 'NotSeenYet' });
  });

  it('does not mistake our comparison with a dead key for it', async () => {
    bench.clockOffsetMs = -25 * 60 * 60_000; // what was seen then does not count any more
    const { old, current } = await replaced();
    bench.clockOffsetMs = 0;
    await ask('accepts', current);
    fixture.lab.killKey(fixture.lab.keys()[0]?.id ?? '');
    pass(5);
    await ask('refuses', old);

    expect(await failureOf(ask('sawUse', current))).toMatchObject({ type: 'NotSeenYet' });
  });

  it('does not count when it came so soon after our own question that servers may disagree on which was first', async () => {
    fixture.account.usageResolutionMs = 15 * 60_000;
    await create();
    await ask('accepts');
    pass(60);
    await use(next);
    const soon = await failureOf(ask('sawUse'));
    pass(1);
    await use(next);

    expect(soon).toMatchObject({ type: 'NotSeenYet' });
    expect(await ask('sawUse')).toMatchObject({ outcome: 'proved' });
  });

  it('stays seen when a later question of ours hides it, from the moment the key is in force', async () => {
    const { current } = await replaced();
    await ask('accepts', current);
    pass(5);
    await use(current);
    await ask('sawUse', current);
    pass(5);
    await ask('accepts', current);

    expect(await ask('sawUse', current)).toMatchObject({ outcome: 'proved' });
  });

  it('waits for data that lags behind a document', async () => {
    fixture.account.propagationMs = 60_000;
    await create();
    bench.clockOffsetMs = -90_000;
    await ask('accepts');
    bench.clockOffsetMs = -59_000;
    await bench.prove(next, 'document');
    const late = await failureOf(ask('sawUse'));
    fixture.account.propagationMs = 58_000;

    expect(late).toMatchObject({ type: 'Propagating', nonRetryable: false });
    expect(await failureOf(ask('sawUse'))).toMatchObject({ type: 'NotSeenYet', nonRetryable: true });
  });

  it('is not waited for where our own question hides the document', async () => {
    Object.assign(fixture.account, { propagationMs: 60_000, usageResolutionMs: 60_000 });
    await create();
    await ask('accepts');
    await bench.prove(next, 'document');

    expect(await failureOf(ask('sawUse'))).toMatchObject({ type: 'NotSeenYet' });
  });
});

describe('idleness of the old key', () => {
  it('is proved by a last use before the switch', async () => {
    const { old } = await replaced();

    expect(await ask('isIdle', old)).toMatchObject({ kind: 'idle', outcome: 'proved' });
  });

  it('fails when the old key was used after the switch, even though the new one was used later still', async () => {
    const { old, current } = await replaced();
    pass(30);
    await use(old);
    pass(30);
    await bench.prove(current, 'in-use', 'proved', now / 1000);

    expect(await ask('isIdle', old)).toMatchObject({ outcome: 'failed', detail: 'used 30 s after the switch' });
  });

  /** OpenAI's lab notes the first use in a quarter of an hour alone; it saw the old key used 100 s before the switch. */
  async function coarse(): Promise<VersionRef> {
    await fixture.lab.stop();
    fixture = await startOpenAiFixture(bench, { clock: () => now, usageResolutionMs: 15 * 60_000 });
    fixture.account.usageResolutionMs = 16 * 60_000;
    return (await replaced()).old;
  }

  it('is not judged while a use may be hidden behind an earlier one', async () => {
    const old = await coarse();
    pass(60);
    await use(old); // a stranger, 160 s after the one that is noted
    pass(240);

    const failure = await failureOf(ask('isIdle', old));

    expect(failure).toMatchObject({ type: 'Propagating', nextRetryDelay: (16 * 60 - 400) * 1000 });
    expect(failure.message).toContain('asked again at 2031-01-01T00:16:00Z');
    pass(15 * 60 - 400);
    await use(old);
    pass(60);
    expect(await ask('isIdle', old)).toMatchObject({ outcome: 'failed', detail: 'used 800 s after the switch' });
  });

  it('cannot be told when the provider’s clock has gone back, and is not waited for', async () => {
    const old = await coarse();
    pass(-3600);

    expect(await ask('isIdle', old)).toMatchObject({ outcome: 'not-observable', detail: /went back/ as never });
  });

  it('is proved by data that are old enough, and says since when', async () => {
    const old = await coarse();
    pass(16 * 60 - 100);

    expect(await ask('isIdle', old)).toMatchObject({
      outcome: 'proved',
      detail: 'not used since 2031-01-01T00:16:00Z, as OpenAI showed at 2031-01-01T00:16:00Z, by its own clock',
    });
  });

  it('does not mistake our own question after the switch for a use, and waits out what that hides', async () => {
    const { old } = await replaced();
    fixture.account.usageResolutionMs = 16 * 60_000;
    pass(30);
    await ask('refuses', old); // which still lets it through

    expect(await failureOf(ask('isIdle', old))).toMatchObject({ type: 'Propagating', nextRetryDelay: 16 * 60_000 });
    pass(16 * 60);
    expect(await ask('isIdle', old)).toMatchObject({ outcome: 'proved' });
  });

  it('cannot be told when the switch was never seen', async () => {
    await create();
    await ask('accepts');
    await bench.store.promote(next);
    const rotation = await bench.rotate();
    await bench.give(rotation.next, { key: 'x' });
    await bench.store.promote(rotation.next);

    expect(await ask('isIdle', next)).toMatchObject({ outcome: 'not-observable' });
  });

  it('believes "never used" only of a key that we never used either', async () => {
    const user = fixture.lab.createUserKey('by hand');
    await bench.store.close(next, 'failed', 'the test adopts');
    const version = await bench.adopt({ key: user.value });
    await bench.store.note(version, { providerId: `api_key/${user.id}` });

    const unused = await bench.attempt(() => fixture.openai.isIdle(version));
    await bench.prove(version, 'accepted');
    const contradicted = await bench.attempt(() => fixture.openai.isIdle(version));

    expect([unused.outcome, contradicted.outcome]).toEqual(['proved', 'not-observable']);
  });
});

describe('refusal', () => {
  function kill(version: VersionRef): void {
    fixture.lab.killKey(fixture.lab.keys()[version.number - 1]?.id ?? '');
  }

  it('is proved while the current key is accepted beside it', async () => {
    const { old } = await replaced();
    kill(old);

    const finding = await ask('refuses', old);

    expect(finding).toMatchObject({ kind: 'refused', outcome: 'proved' });
    expect(finding.detail).toMatch(/401 invalid_api_key, while it accepted the current key/);
    expect(await bench.store.read(old)).toMatchObject({ provider: 'refused' });
  });

  it('is asked five times, evenly over the propagation delay', async () => {
    const { old } = await replaced();
    kill(old);
    fixture.account.propagationMs = 400;
    const before = fixture.lab.requests.length;

    const delays: unknown[] = [];
    for (const ms of [0, 100, 200, 300]) {
      bench.clockOffsetMs = ms * 10; // by the clock of the store, a round every second
      delays.push((await failureOf(ask('refuses', old, ms))).nextRetryDelay);
    }
    const finding = await ask('refuses', old, 400);

    expect(delays).toEqual([100, 100, 100, 100]);
    expect(finding.outcome).toBe('proved');
    expect(fixture.lab.requests.length - before).toBe((3 + 1) * 5);
  });

  it('is shown by as many rounds as before when the worker died in between', async () => {
    const { old } = await replaced();
    kill(old);
    fixture.account.propagationMs = 400;

    for (let rounds = 1; rounds < 5; rounds += 1) {
      bench.clockOffsetMs = rounds * 1000;
      await failureOf(ask('refuses', old)); // each as the first attempt of another activity
    }

    expect(await ask('refuses', old)).toMatchObject({ outcome: 'proved' });
  });

  it('is not shown by rounds of another day', async () => {
    const { old } = await replaced();
    kill(old);
    fixture.account.propagationMs = 400;
    bench.clockOffsetMs = -86_400_000;
    for (let rounds = 1; rounds < 5; rounds += 1) await failureOf(ask('refuses', old));
    bench.clockOffsetMs = 0;

    expect(await failureOf(ask('refuses', old))).toMatchObject({ type: 'Propagating' });
  });

  it('is not proved while one server of several still lets the key through', async () => {
    await fixture.lab.stop();
    fixture = await startOpenAiFixture(bench, { deletionLagMs: 400, lateEvery: 3 });
    const { old } = await replaced();
    fixture.account.propagationMs = 250;
    const { key = '' } = await bench.store.unseal(old);
    kill(old);

    const finding = await bench.untilDone(() => fixture.openai.refuses(old));

    expect(finding.outcome).toBe('proved');
    expect(fixture.lab.works(key)).toBe(false);
  });

  it('starts anew when somebody else sees the key accepted meanwhile', async () => {
    const { old } = await replaced();
    kill(old);
    fixture.account.propagationMs = 400;
    for (let rounds = 1; rounds < 5; rounds += 1) {
      bench.clockOffsetMs = rounds * 1000;
      await failureOf(ask('refuses', old));
    }
    await bench.prove(old, 'accepted');

    expect(await failureOf(ask('refuses', old))).toMatchObject({ type: 'Propagating' });
  });

  it('waits while the key is still accepted, and fails when it is for good', async () => {
    const { old } = await replaced();
    fixture.account.propagationMs = 8000;

    expect(await failureOf(ask('refuses', old, 15_999))).toMatchObject({ type: 'Propagating' });
    expect(await ask('refuses', old, 16_000)).toMatchObject({ outcome: 'failed' });
    expect(await bench.store.read(old)).toMatchObject({ provider: 'accepted' });
  });

  it('is no proof of a key that was never seen to work', async () => {
    await create();
    kill(next);

    expect(await ask('refuses')).toMatchObject({
      outcome: 'not-observable',
      detail: 'already refused before the rotation',
    });
  });

  it('is no proof when the current key is refused as well', async () => {
    const { old, current } = await replaced();
    kill(old);
    kill(current);

    expect(await ask('refuses', old)).toMatchObject({ outcome: 'failed' });
  });

  it('says so when there is no current key to compare with', async () => {
    await create();
    await ask('accepts');
    kill(next);

    const finding = await ask('refuses');

    expect(finding).toMatchObject({ outcome: 'proved' });
    expect(finding.detail).toContain('no current key to compare with');
  });

  it('is not compared with a current key that is being revoked as well', async () => {
    const { old, current } = await replaced();
    await bench.store.note(current, { compromised: true });
    kill(old);
    kill(current);

    expect(await ask('refuses', old)).toMatchObject({ outcome: 'proved' });
  });

  it.each([401, 403])('is not read out of the %i of a proxy', async (status) => {
    const { old } = await replaced();
    answer(status, JSON.stringify({ error: 'invalid_api_key' }));

    expect(await failureOf(ask('refuses', old))).toMatchObject({ type: 'Unavailable', nonRetryable: false });
  });

  it('cannot be asked for without a value', async () => {
    expect(await ask('refuses')).toMatchObject({
      outcome: 'not-observable',
      detail: 'there is no value to ask with',
    });
    expect(fixture.lab.requests).toEqual([]);
  });
});

describe('what OpenAI says of the caller', () => {
  const says = (status: number, code: string | null, message = 'no'): void => {
    const body = JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code } });
    fixture.lab.faults.add({ method: '*', path: '*', times: Infinity, kind: { status, body } });
  };

  it.each([
    [401, 'account_deactivated', /deactivated the account/, 'Rejected'],
    [401, 'ip_not_authorized', /allowlist/, 'Unavailable'],
    [401, 'incorrect_hostname', /bound to another host/, 'Rejected'],
    [403, 'unsupported_country_region_territory', /country/, 'Unavailable'],
  ])('is named and never taken for a verdict on a key (%i %s)', async (status, code, words, type) => {
    const { old } = await replaced();
    says(status, code);

    for (const verb of ['accepts', 'refuses', 'isIdle'] as const) {
      const failure = await failureOf(ask(verb, old));
      expect(failure).toMatchObject({ type, nonRetryable: type === 'Rejected' });
      expect(failure.message).toMatch(words);
    }
  });

  it.each([
    [401, null, 'Missing scopes: api.management.read.', /lacks api.management.read \(401\)/],
    [401, 'invalid_api_key', 'Incorrect API key', /refused the admin key \(401\)/],
  ])(
    'of an admin key is final only when it lasts: entitled ones are refused in bursts',
    async (status, code, message, words) => {
      fixture.account.propagationMs = 300_000;
      says(status, code, message);
      const attempt = (waitedMs: number) => failureOf(bench.attempt(() => fixture.openai.create(next), { waitedMs }));

      const early = await attempt(59_999);
      expect(early).toMatchObject({ type: 'Unavailable', nonRetryable: false, nextRetryDelay: 15_000 });
      expect(early.message).toMatch(words);
      expect(await attempt(60_000)).toMatchObject({ type: 'Unauthorized', nonRetryable: true });
    },
  );

  it('of an admin key says when it may be that of something in between', async () => {
    says(401, 'invalid_api_key');
    const between = await failureOf(create());
    fixture.lab.faults.clear();
    fixture.account.adminKey = 'nonsense';
    const own = await failureOf(create());

    expect(between.message).toContain('no x-request-id');
    expect(own.message).not.toContain('x-request-id');
  });

  it('in the words of a proxy is nothing of an admin key', async () => {
    fixture.lab.faults.add({ method: 'POST', path: '*', kind: { status: 401, body: '<html>log in</html>' } });

    expect(await failureOf(create())).toMatchObject({ type: 'Unavailable', nonRetryable: false });
  });
});

describe('access', () => {
  const look = () => bench.attempt(() => fixture.openai.checkAccess(bench.credential));

  it('is right with an admin key and a project of its own', async () => {
    fixture.lab.createServiceAccount('documents');

    expect(await look()).toMatchObject([
      { what: `project ${fixture.lab.project}`, ok: true },
      { what: 'service accounts', ok: true },
      { what: 'expiry of the admin key', ok: true, detail: 'it does not expire' },
    ]);
  });

  it('tells when the admin key ends by itself', async () => {
    fixture.lab.endAdminKey(Date.UTC(2030, 0, 1) / 1000);

    expect(await look()).toContainEqual({
      ...{ what: 'expiry of the admin key', ok: true, warning: true },
      detail: 'it expires at 2030-01-01T00:00:00.000Z: replace it before that',
    });
  });

  it('does not hang on whether admin keys may be listed', async () => {
    const message = 'Missing scopes: api.management.read.';
    const body = JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code: null } });
    fixture.lab.faults.add({ method: 'GET', path: labPath(endpoints.listAdminKeys), kind: { status: 401, body } });

    expect(await look()).toContainEqual({
      ...{ what: 'expiry of the admin key', ok: true },
      detail: 'OpenAI does not show it to this admin key',
    });
  });

  it.each([
    ['the Default project', () => (fixture.account.project = fixture.lab.defaultProject), /takes no service accounts/],
    ['a project that is not there', () => (fixture.account.project = 'proj_none'), /answered 404/],
    ['a wrong admin key', () => (fixture.account.adminKey = 'nonsense'), /refused the admin key/],
  ])('says what is wrong with %s', async (_, spoil, words) => {
    spoil();

    const [first, ...others] = await look();

    expect(first?.ok).toBe(false);
    expect(first?.detail).toMatch(words);
    expect(others).toEqual([]);
  });
});
