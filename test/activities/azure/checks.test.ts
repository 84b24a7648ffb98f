import { startAzureLab } from '../../../src/lab/azure/server.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { type Bench, failureOf, startBench } from '../bench.js';
import { type AzureFixture, startAzureFixture } from './fixture.js';

let now: number;
let bench: Bench;
let fixture: AzureFixture;
let current: VersionRef;

beforeEach(async () => {
  now = Date.UTC(2031, 0, 1);
  bench = await startBench();
  fixture = await startAzureFixture(bench, { clock: () => now });
  current = (await bench.rotate()).current!;
});
afterEach(async () => {
  await fixture.lab.stop();
  await bench.close();
});

const accepts = () => bench.attempt(() => fixture.azure.acceptsKey(current));
const look = () => bench.attempt(() => fixture.azure.checkAccess(bench.credential));

function answer(status: number, body: unknown): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  fixture.lab.faults.add({ method: 'GET', path: '/documentintelligence/info', kind: { status, body: text } });
}

describe('A key', () => {
  it('is accepted by the info call, which costs nothing', async () => {
    expect(await accepts()).toMatchObject({ outcome: 'proved', detail: 'GET /documentintelligence/info answered 200' });
  });

  it('is refused by Azure’s own 401', async () => {
    bench.clockOffsetMs = -120_000;
    fixture.lab.regenerateByHand('Key1');

    expect(await accepts()).toMatchObject({ outcome: 'failed' });
  });

  it('is refused when it has leaked only where the key beside it is refused as well', async () => {
    const refuses = (fence = current.fence) => bench.attempt(() => fixture.azure.refusesKey({ ...current, fence }));
    await accepts();
    fixture.lab.regenerateByHand('Key1');
    const alone = await refuses();
    const row = { name: bench.credential, procedure: 'openai-api-key', account: 'a test' };
    const request = { actor: 'ada', trigger: 'emergency', reason: 'a test', emergencies: [] } as const;
    const { fence } = (await bench.store.seize(row, request, bench.writer)).opened;

    const leaked = await refuses(fence);
    fixture.lab.regenerateByHand('Key2');

    expect(alone).toMatchObject({ outcome: 'proved' });
    expect(leaked).toMatchObject({ outcome: 'failed' });
    expect(await refuses(fence)).toMatchObject({ outcome: 'proved' });
  });

  it('is not judged by the 404 of a wrong path or api-version', async () => {
    answer(404, { error: { code: '404', message: 'Resource not found' } });

    const failure = await failureOf(accepts());

    expect(failure).toMatchObject({ type: 'Rejected', nonRetryable: true });
    expect(failure.message).toContain('2024-11-30');
    expect(await bench.store.evidence(current)).toEqual([]);
  });

  it.each([
    [401, '<html>Please log in to the proxy</html>'],
    [403, { error: { code: '403', message: 'Access denied due to Virtual Network/Firewall rules.' } }],
    [404, '<html>no such host here</html>'],
  ])('is not judged by a %i that speaks of something else', async (status, body) => {
    answer(status, body);

    expect(await failureOf(accepts())).toMatchObject({ type: 'Unavailable', nonRetryable: false });
    expect(await bench.store.evidence(current)).toEqual([]);
  });

  it('is of no use where disableLocalAuth has switched keys off', async () => {
    fixture.lab.disableKeys();

    expect((await failureOf(accepts())).message).toContain('disableLocalAuth');
    const { next } = await bench.rotate();
    await bench.prove(next, 'sole-user');
    const failure = await failureOf(bench.attempt(() => fixture.azure.createKey(next)));
    expect(failure).toMatchObject({ type: 'Rejected', nonRetryable: true });
    expect(failure.message).toContain('there is nothing to rotate');
    expect(await look()).toMatchObject([{ ok: false, detail: /disableLocalAuth/ as never }]);
  });
});

describe('Access', () => {
  it('is right with a role that may regenerate, which is asked for and not tried', async () => {
    expect(await look()).toMatchObject([
      { what: 'account documents', ok: true },
      { what: 'keys', ok: true },
      { what: 'endpoint', ok: true, detail: "is the account's and accepts its key" },
      { what: 'regeneration', ok: true, detail: 'is permitted' },
    ]);
    expect(fixture.lab.keys()).toHaveLength(2);
  });

  it('is not enough with Cognitive Services User, which lists keys and may not regenerate them', async () => {
    fixture.account.app = fixture.lab.readOnlyApp;

    const found = await look();

    expect(found.slice(0, 2)).toMatchObject([{ ok: true }, { ok: true }]);
    expect(found[3]).toMatchObject({ what: 'regeneration', ok: false });
  });

  it('says that the endpoint is another account’s, which refuses a good key in the same words as a dead one', async () => {
    const elsewhere = await startAzureLab();
    fixture.account.endpoint = elsewhere.url;

    const endpoint = (await look()).find(({ what }) => what === 'endpoint');
    await elsewhere.stop();

    expect(endpoint?.ok).toBe(false);
    expect(endpoint?.detail).toContain(`the account's own is ${new URL(fixture.lab.url).host}`);
  });

  it('says that the key in force is dead where the endpoint is right', async () => {
    fixture.lab.regenerateByHand('Key1');

    const endpoint = (await look()).find(({ what }) => what === 'endpoint');

    expect(endpoint).toMatchObject({ ok: false, detail: 'it refuses the key in force' });
  });

  it.each([
    ['a wrong secret', () => (fixture.account.app = { ...fixture.lab.app, secret: 'nonsense' }), /invalid_client/],
    ['an unknown tenant', () => (fixture.account.tenant = 'elsewhere.example.com'), /invalid_request/],
    ['another account', () => (fixture.account.account += '-2'), /a role that may read the account/],
  ])('says what is wrong with %s', async (_, spoil, words) => {
    spoil();

    const [first, ...others] = await look();

    expect(first?.ok).toBe(false);
    expect(first?.detail).toMatch(words);
    expect(others).toEqual([]);
  });
});

describe('Throttling', () => {
  it('by the management API is waited out for as long as it says', async () => {
    const { next } = await bench.rotate();
    fixture.lab.faults.add({ method: 'POST', path: '*', skip: 2, kind: { status: 429, retryAfterSeconds: 17 } });

    const failure = await failureOf(bench.attempt(() => fixture.azure.createKey(next)));

    expect(failure).toMatchObject({ type: 'Unavailable', nonRetryable: false, nextRetryDelay: 17_000 });
    expect((await bench.store.intents(bench.credential)).map(({ outcome }) => outcome)).toEqual(['nothing-made']);
  });
});

describe('The free tier', () => {
  it('answers one call a second, which a round of questions waits for', async () => {
    fixture.lab.moveTo('F0');
    const first = await accepts();
    const tooFast = await failureOf(accepts());
    now += 1000;

    expect([first.outcome, tooFast.type]).toEqual(['proved', 'Unavailable']);
    expect(tooFast.nextRetryDelay).toBe(1000);
    expect(await accepts()).toMatchObject({ outcome: 'proved' });
  });

  it('is told when it is used up, and is not taken for a firewall or a verdict', async () => {
    fixture.lab.moveTo('F0 used up');

    const failure = await failureOf(accepts());

    expect(failure).toMatchObject({ type: 'Rejected', nonRetryable: true });
    expect(failure.message).toContain('used up (403), again in 52 hours');
    expect(await bench.store.evidence(current)).toEqual([]);
  });

  it('leaves 1.2 seconds between two questions where keys take their time', async () => {
    await bench.attempt(() => fixture.azure.acceptsKey(current));
    fixture.account.propagationMs = 60_000;
    const started = Date.now();

    await accepts();

    expect(Date.now() - started).toBeGreaterThanOrEqual(2 * 1200 - 20);
  });
});

describe('Propagation', () => {
  it('of a new key is polled for, and of a replaced one until it is refused for good', async () => {
    await fixture.lab.stop();
    await bench.close();
    bench = await startBench();
    fixture = await startAzureFixture(bench, { clock: () => now, propagationMs: 5_000, deletionLagMs: 5_000 });
    fixture.account.propagationMs = 8_000;
    const rotation = await bench.rotate();
    const { azure } = fixture;
    await bench.attempt(() => azure.acceptsKey(rotation.current!));
    await bench.attempt(() => azure.createKey(rotation.next));

    const young = await failureOf(bench.attempt(() => azure.acceptsKey(rotation.next)));
    now += 6_000;
    const grown = await bench.attempt(() => azure.acceptsKey(rotation.next));
    await bench.promote(rotation.next);
    await bench.attempt(() => azure.regenerateKey(rotation.current!));
    const lingering = await failureOf(bench.attempt(() => azure.refusesKey(rotation.current!)));
    now += 6_000;
    fixture.account.propagationMs = 80;
    const gone = await bench.untilDone(() => azure.refusesKey(rotation.current!));

    expect([young.type, grown.outcome, lingering.type, gone.outcome]).toEqual([
      'Propagating',
      'proved',
      'Propagating',
      'proved',
    ]);
  });
});

describe('What reconcile sees', () => {
  const survey = () => bench.attempt(() => fixture.azure.survey(bench.credential));

  it('is what is in the slots, asked only for the key in force', async () => {
    const { versions, orphans } = await survey();

    expect(versions.slice(0, 1)).toMatchObject([{ number: 1, verdict: 'accepted' }]);
    expect(orphans).toEqual([]);
  });

  it('is that somebody has regenerated the key in force, and that the one there now is not ours', async () => {
    await accepts();
    fixture.lab.regenerateByHand('Key1');

    const { versions, orphans } = await survey();

    expect(versions[0]).toMatchObject({ verdict: 'refused' });
    expect(orphans).toMatchObject([{ id: 'Key1', madeFor: null }]);
    const [newest] = await bench.store.evidence(current);
    expect(newest).toMatchObject({ kind: 'refused', outcome: 'proved' });
  });
});
