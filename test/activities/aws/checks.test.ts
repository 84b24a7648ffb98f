import { endpoints } from '../../../activities/aws/requests.js';
import type { Finding } from '../../../src/domain/evidence.js';
import type { VersionRef } from '../../../src/domain/version.js';
import type { AwsLabOptions } from '../../../src/lab/aws/server.js';
import { fastClock } from '../../../src/lab/clock.js';
import { type Bench, failureOf, startBench } from '../bench.js';
import { type AwsFixture, startAwsFixture } from './fixture.js';

let bench: Bench;
let fixture: AwsFixture;
let next: VersionRef;
let now: number;

async function begin(options: AwsLabOptions = {}): Promise<void> {
  await end();
  bench = await startBench();
  fixture = await startAwsFixture(bench, { clock: () => now, ...options });
  ({ next } = await bench.rotate());
  await bench.attempt(() => fixture.aws.create(next));
}
async function end(): Promise<void> {
  await fixture?.lab.stop();
  await bench?.close();
}
beforeEach(async () => {
  now = Date.now();
  await begin();
});
afterAll(end);

const error = (code: string): string => `<Error><Code>${code}</Code><Message>m</Message></Error>`;
const atS3 = (status: number, code: string) => ({ status, body: error(code) });
const atSts = (code: string) => ({ status: 403, body: `<ErrorResponse>${error(code)}</ErrorResponse>` });
const idOf = (): string => fixture.lab.keys()[0]?.id ?? '';
const accepts = (version = next): Promise<Finding> => bench.attempt(() => fixture.aws.accepts(version));
const writes = (): Promise<Finding> => bench.attempt(() => fixture.aws.writesObject(next));
const sent = (): string[] => fixture.lab.requests.map(({ method, path }) => `${method} ${path}`);

describe('accepting', () => {
  it('asks STS and S3, three times in a row: servers that know a new key take turns with some that do not', async () => {
    fixture.account.propagationMs = 60;
    const before = sent().length;

    expect(await accepts()).toMatchObject({ outcome: 'proved' });

    const [sts, s3] = [
      'POST /?Action=GetCallerIdentity',
      expect.stringMatching(/^GET \/documents\/keyturn-probe-/) as string,
    ];
    expect(sent().slice(before)).toEqual([sts, s3, sts, s3, sts, s3]);
  });

  it('waits until S3 knows the key as well, which STS knew before', async () => {
    await begin({ propagationMs: 60_000 });
    now += 30_000;

    expect(await failureOf(accepts())).toMatchObject({ type: 'Propagating' });
    expect(sent().at(-1)).toMatch(/^GET /);
    now += 30_000;
    fixture.account.propagationMs = 600; // ten milliseconds between two questions

    expect(await accepts()).toMatchObject({ outcome: 'proved' });
  });

  it('does not believe one success that a refusal follows', async () => {
    fixture.account.propagationMs = 60_000;
    fixture.lab.faults.add({
      method: 'POST',
      path: '/?Action=GetCallerIdentity',
      skip: 1,
      kind: atSts('InvalidClientTokenId'),
    });

    expect(await failureOf(accepts())).toMatchObject({ type: 'Propagating' });
  }, 10_000);

  it.each([
    ['a proxy', { status: 403, body: 'the proxy forbids it' }],
    ['a clock', atS3(403, 'RequestTimeTooSkewed')],
    ['haste', atS3(400, 'Throttling')],
  ])('takes no word of %s for a verdict on the key', async (_, kind) => {
    fixture.lab.faults.add({ method: 'GET', path: '*', kind });

    expect(await failureOf(accepts())).toMatchObject({ type: 'Unavailable', nonRetryable: false });
    expect(await bench.store.evidence(next)).toEqual([]);
  });

  it('says so when there is no such bucket', async () => {
    fixture.account.bucket = 'elsewhere';

    expect((await failureOf(accepts())).message).toContain('S3 has no such bucket (404)');
  });
});

describe('the probe object', () => {
  it('is written, read and deleted on the real bucket', async () => {
    expect(await writes()).toMatchObject({ kind: 'accepted', outcome: 'proved' });

    expect(
      sent()
        .slice(-3)
        .map((line) => line.split(' ')[0]),
    ).toEqual(['PUT', 'GET', 'DELETE']);
    expect(fixture.lab.objects()).toEqual([]);
  });

  it('is waited for while a server that is asked does not know the key yet', async () => {
    fixture.account.propagationMs = 60_000;
    fixture.lab.faults.add({ method: 'PUT', path: '*', kind: atS3(403, 'InvalidAccessKeyId') });

    expect(await failureOf(writes())).toMatchObject({ type: 'Propagating' });
    expect(await writes()).toMatchObject({ outcome: 'proved' });
  });

  it('may stay where it cannot be read or deleted, and says that the user may not write', async () => {
    fixture.lab.faults.add({ method: 'GET', path: '*', kind: atS3(403, 'AccessDenied') });
    expect(await writes()).toMatchObject({
      outcome: 'proved',
      detail: expect.stringContaining('lacks the scope') as string,
    });
    fixture.lab.faults.add({ method: 'PUT', path: '*', kind: atS3(403, 'AccessDenied') });

    expect(await failureOf(writes())).toMatchObject({ type: 'Rejected', nonRetryable: true });
  });
});

describe('refusing', () => {
  it('is not final while a deleted key is still let through somewhere', async () => {
    await begin({ deletionLagMs: 4_000 });
    await accepts();
    fixture.account.propagationMs = 100;
    fixture.lab.deleteByHand(idOf());
    const refuses = (waitedMs: number) => bench.attempt(() => fixture.aws.refuses(next), { waitedMs });

    expect((await failureOf(refuses(0))).message).toContain('AWS still accepts the key');
    now += 4_001;
    expect(await failureOf(refuses(100))).toMatchObject({ type: 'Propagating' });

    expect(await bench.untilDone(() => fixture.aws.refuses(next))).toMatchObject({ outcome: 'proved' });
  });

  it('is what both STS and S3 say', async () => {
    await accepts();
    fixture.lab.faults.add({
      method: 'POST',
      path: '/?Action=GetCallerIdentity',
      kind: atSts('InvalidClientTokenId'),
    });

    const finding = await bench.attempt(() => fixture.aws.refuses(next));

    expect(finding).toMatchObject({ kind: 'refused', outcome: 'failed', detail: 'AWS still accepts the key' });
  });
});

describe('uses', () => {
  const idle = (version: VersionRef): Promise<Finding> => bench.attempt(() => fixture.aws.isIdle(version));
  const minute = 60_000;

  it('are the engine’s when they come later than our own probe by AWS’s clock, in whole minutes', async () => {
    await accepts();
    fixture.lab.use(idOf());
    await bench.prove(next, 'document');

    expect(await failureOf(bench.attempt(() => fixture.aws.sawUse(next)))).toMatchObject({ type: 'NotSeenYet' });
    now += 2 * minute;
    fixture.lab.use(idOf());

    expect(await bench.attempt(() => fixture.aws.sawUse(next))).toMatchObject({ kind: 'in-use', outcome: 'proved' });
  });

  it('of the old key are compared with our probe of the new one after the switch', async () => {
    await accepts();
    await bench.promote(next);
    const rotation = await bench.rotate();
    const [old, current] = [rotation.current!, rotation.next];
    await bench.attempt(() => fixture.aws.create(current));
    now += 2 * minute;
    await accepts(current);
    await bench.store.promote(current);
    expect(await idle(old)).toMatchObject({ outcome: 'proved' });
    now += 2 * minute;
    fixture.lab.use(idOf());

    expect(await idle(old)).toMatchObject({ kind: 'idle', outcome: 'failed' });
  });

  it('of the old key may hide behind an earlier one for a quarter of an hour, so nothing is called idle before', async () => {
    await begin({ usageResolutionMs: 15 * minute });
    now = Math.ceil(now / minute) * minute;
    fixture.account.usageResolutionMs = 16 * minute;
    fixture.lab.use(idOf());
    await bench.promote(next);
    const rotation = await bench.rotate();
    await bench.attempt(() => fixture.aws.create(rotation.next));
    now += 4 * minute;
    await accepts(rotation.next);
    await bench.store.promote(rotation.next);
    now += 2 * minute;
    fixture.lab.use(idOf()); // a stranger, after the switch
    now += 8 * minute;

    expect(await failureOf(idle(rotation.current!))).toMatchObject({ type: 'Propagating', nextRetryDelay: 2 * minute });
    now += 2 * minute;
    fixture.lab.use(idOf());
    expect(await idle(rotation.current!)).toMatchObject({ outcome: 'failed', detail: 'used 720 s after the switch' });
  });

  it('cannot be told where Keyturn may not ask for them', async () => {
    fixture.lab.forbid('iam:GetAccessKeyLastUsed');

    expect(await idle(next)).toMatchObject({
      outcome: 'not-observable',
      detail: expect.stringContaining('has no permission to read') as string,
    });
  });
});

describe('what keyturn check sees', () => {
  const check = async () => bench.attempt(() => fixture.aws.checkAccess(bench.credential));

  it('is identity, room and permissions', async () => {
    expect(await check()).toMatchObject([
      { what: 'identity', ok: true, detail: expect.stringContaining('user/keyturn') as string },
      { what: `keys of ${fixture.lab.user}`, ok: true, detail: '1 of 2 slots are taken' },
      { what: 'permissions', ok: true, detail: 'sufficient, also for emergencies' },
    ]);
  });

  it('is a stranger that takes the second place', async () => {
    const { id } = fixture.lab.createByHand();

    expect((await check())[1]).toMatchObject({
      ok: false,
      detail: expect.stringContaining(`does not know ${id}`) as string,
    });
  });

  it('is what is missing among the permissions, and what cannot be asked', async () => {
    fixture.lab.forbid('iam:CreateAccessKey');
    expect((await check())[2]).toMatchObject({ ok: false, detail: 'missing: iam:CreateAccessKey' });
    fixture.lab.forbid('iam:GetUser');
    expect((await check())[2]).toMatchObject({ ok: false, detail: expect.stringContaining('has no path') as string });
    fixture.lab.forbid('iam:SimulatePrincipalPolicy');

    expect((await check())[2]).toMatchObject({
      ...{ ok: true, warning: true },
      detail: expect.stringContaining('cannot be checked') as string,
    });
  });

  it('goes on when AWS fails to answer what is asked about permissions', async () => {
    const fail = (action: string): void =>
      fixture.lab.faults.add({
        method: 'POST',
        path: `/?Action=${action}`,
        kind: { status: 500, body: 'out of order' },
      });
    fail('SimulatePrincipalPolicy');
    const [, , unknown] = await check();
    fixture.lab.faults.clear();
    fail('GetUser');
    const [, , guessed] = await check();

    expect(unknown).toMatchObject({
      ...{ ok: true, warning: true },
      detail: expect.stringMatching(
        /^cannot be checked \(AWS IAM simulatePrincipalPolicy .*500.*needs iam:Create/,
      ) as string,
    });
    expect(guessed?.detail).toContain('has no path');
  });

  it('is that Keyturn must not sign in as the user that it rotates', async () => {
    fixture.account.admin = fixture.lab.keys()[0]!;

    expect(await check()).toMatchObject([{ ok: false, detail: expect.stringContaining('use a role') as string }]);
  });

  it.each([
    [
      'a wrong secret',
      () => (fixture.account.admin = { ...fixture.account.admin, secret: 'wrong' }),
      'its secret is wrong',
    ],
    [
      'a key that is gone',
      () =>
        (fixture.account.admin = { ...fixture.account.admin, id: fixture.account.admin.id.replace('AKIA', 'AKIB') }),
      'does not know the key',
    ],
  ])('is %s', async (_, spoil, words) => {
    spoil();

    expect(await check()).toMatchObject([{ ok: false, detail: expect.stringContaining(words) as string }]);
  });
});

describe('what says nothing of a key', () => {
  it.each([
    ['behind', 16 * 60_000, '16 minutes slow'],
    ['ahead', -16 * 60_000, '16 minutes fast'],
  ])('is a clock of this machine that is %s, by which every signature is wrong', async (_, ms, words) => {
    await accepts();
    fixture.lab.runAhead(ms);
    now += ms;

    for (const work of [fixture.aws.accepts, fixture.aws.refuses, fixture.aws.sawUse]) {
      const failure = await failureOf(bench.attempt<unknown>(() => work(next)));
      expect(failure).toMatchObject({ type: 'Unavailable', nonRetryable: false });
      expect(failure.message).toContain(words);
    }
    expect((await bench.store.evidence(next)).map(({ kind }) => kind)).toEqual(['accepted']);
  });

  it('is a bucket in another region, which is told', async () => {
    fixture.lab.moveBucket('eu-west-3');

    const failure = await failureOf(accepts());

    expect(failure).toMatchObject({ type: 'Rejected', nonRetryable: true });
    expect(failure.message).toContain('the bucket is in eu-west-3');
  });

  it('is that Keyturn itself is refused for half a minute', async () => {
    fixture.account.propagationMs = 300_000;
    fixture.lab.faults.add({ method: 'POST', path: '*', times: Infinity, kind: atSts('InvalidClientTokenId') });
    const list = (waitedMs: number) => failureOf(bench.attempt(() => fixture.aws.identify(next), { waitedMs }));

    expect(await list(30_000)).toMatchObject({ type: 'Unavailable', nonRetryable: false, nextRetryDelay: 15_000 });
    expect(await list(60_000)).toMatchObject({ type: 'Unauthorized', nonRetryable: true });
  });
});

describe('what keyturn reconcile sees', () => {
  it('is each version, and keys that nobody knows, which are left alone', async () => {
    const stranger = fixture.lab.createByHand();
    await accepts();
    await bench.promote(next);

    const seen = await bench.attempt(() => fixture.aws.survey(bench.credential));

    expect(seen.versions).toMatchObject([{ number: 1, verdict: 'accepted' }]);
    expect(seen.orphans).toEqual([{ id: stranger.id, name: stranger.id, madeFor: null, lastUsedAt: null }]);
  });
});

it('leaves the change to whoever has taken over when it comes too late', async () => {
  await begin({ clock: fastClock(1) });
  const { next: later } = await bench.rotate();
  fixture.lab.faults.add({ ...endpoints.listKeys, kind: { slowMs: 30 } });

  const failure = await failureOf(bench.attempt(() => fixture.aws.create(later), { leaseMs: -1 }));

  expect(failure.message).toContain('AWS IAM createAccessKey got no usable answer (TOO_LATE)');
  expect(fixture.lab.keys()).toHaveLength(1);
});
