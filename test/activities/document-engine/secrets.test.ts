import { inspect } from 'node:util';
import type { DocumentEngineActivities } from '../../../activities/document-engine/activities.js';
import { requestsOf } from '../../../activities/requests.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { newKeyPair } from '../../../src/lab/document-engine/server.js';
import { linesOf, patternOf } from '../../contracts/requests.js';
import { type Bench, failureOf, startBench } from '../bench.js';
import { type DocumentEngineFixture, startFixture } from './fixture.js';

let bench: Bench;
let fixture: DocumentEngineFixture;

beforeEach(async () => {
  bench = await startBench();
  fixture = await startFixture(bench);
});
afterEach(async () => {
  await fixture.lab.stop();
  await bench.close();
});

type Verb = Exclude<keyof DocumentEngineActivities, 'makeCurrent' | 'checkAccess' | 'checkDeep' | 'survey'>;
const run = (verb: Verb, ref: VersionRef) => bench.attempt<unknown>(() => fixture.activities[verb](ref));
const succeed = () =>
  bench.attempt(() => fixture.activities.makeCurrent({ version: fixture.next, former: fixture.old }));
const added = '/api/secrets/{type}';
const rotated = '/api/secrets/{type}/rotate';
const valueOf = async (ref: VersionRef) => (await bench.store.unseal(ref))['publicKey'];

/** Both keys valid, the new one in force in the store, every proof taken. */
async function switched(): Promise<void> {
  await run('generate', fixture.next);
  await run('addSecret', fixture.old);
  await run('addSecret', fixture.next);
  await run('accepts', fixture.old);
  await bench.promote(fixture.next);
}

/** What it sends is what it declares for this type of secret. */
async function expectDeclared(verb: Verb): Promise<void> {
  const before = fixture.lab.requests.length;
  await run(verb, fixture.old).catch(() => undefined);

  const declared = requestsOf(`document-engine.${verb}`, { settings: { [fixture.settings.type ?? '']: '' } });
  expect(linesOf(fixture.lab.requests.slice(before))).toMatch(patternOf(declared));
}

it('adds one secret, recognizes it by its expiry, and adds no other when it is repeated', async () => {
  await run('generate', fixture.next);
  await run('addSecret', fixture.next);
  await run('addSecret', fixture.next);

  expect(fixture.lab.secrets('jwt')).toHaveLength(2);
  expect(fixture.lab.secrets('jwt')[1]?.expiresAt).toMatch(/T\d\d:\d\d:\d\d\.\d{6}Z$/);
  expect(await run('accepts', fixture.next)).toMatchObject({ kind: 'accepted', outcome: 'proved' });
});

it('leaves one secret when the answer to the addition was lost', async () => {
  await run('generate', fixture.next);
  fixture.lab.faults.add({ method: 'POST', path: added, kind: 'reset-after' });

  expect(await failureOf(run('addSecret', fixture.next))).toMatchObject({ nonRetryable: false });
  await run('addSecret', fixture.next);

  expect(fixture.lab.secrets('jwt')).toHaveLength(2);
});

it('renews what was added once less than a month is left of it', async () => {
  await run('generate', fixture.next);
  await run('addSecret', fixture.next);
  const [, spare] = fixture.lab.secrets('jwt');
  const soon = new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10) + spare!.expiresAt!.slice(10);
  fixture.lab.expireByHand('jwt', spare!.id, soon);

  await run('addSecret', fixture.next);

  const [, renewed] = fixture.lab.secrets('jwt');
  expect(fixture.lab.secrets('jwt')).toHaveLength(2);
  expect(Date.parse(renewed!.expiresAt!) - Date.now()).toBeGreaterThan(50 * 86_400_000);
});

it('makes the new key current without fresh proof under no circumstances', async () => {
  await run('generate', fixture.next);
  await run('addSecret', fixture.next);
  await bench.store.promote(fixture.next);

  expect(await failureOf(succeed())).toMatchObject({ type: 'StaleProof' });
  expect(fixture.lab.secrets('jwt')[0]).toEqual({ id: 1, expiresAt: null });
});

it.each(['drops', 'keeps', 'in-place'] as const)(
  'knows after a lost answer whether it is current, where the engine %s the former one',
  async (rotate) => {
    fixture.lab.behavior.rotate = rotate;
    await switched();
    fixture.lab.faults.add({ method: 'POST', path: rotated, kind: 'reset-after' });

    expect(await failureOf(succeed())).toMatchObject({ nonRetryable: false });
    await succeed();
    await succeed();
    await run('expireSecret', fixture.old);
    await run('dropSpare', fixture.next);

    expect(fixture.lab.values('jwt')).toEqual([await valueOf(fixture.next)]);
    expect(await run('refuses', fixture.old)).toMatchObject({ kind: 'refused', outcome: 'proved' });
  },
);

it('leaves both alone when a person has made another key current', async () => {
  await switched();
  fixture.lab.rotateByHand('jwt', newKeyPair('ES256').publicKey);

  const failure = await failureOf(succeed());

  expect(failure).toMatchObject({ type: 'NeedsDecision' });
  expect(failure.message).toContain('REPLACE_SECRETS_FROM_ENV');
  expect(fixture.lab.values('jwt')).toHaveLength(3);
});

it.each([
  ['an answer was lost', 'reset-after'],
  ['the engine had refused it', { status: 400 }],
] as const)('does not take for its own what a person has made current after %s', async (_, kind) => {
  await switched();
  fixture.lab.faults.add({ method: 'POST', path: rotated, kind });
  await failureOf(succeed());
  fixture.lab.rotateByHand('jwt', newKeyPair('ES256').publicKey);

  expect(await failureOf(succeed())).toMatchObject({ type: 'NeedsDecision' });
  expect(fixture.lab.values('jwt')).toContain(await valueOf(fixture.next));
});

it('knows its own change when an earlier request arrives after it', async () => {
  await switched();
  fixture.lab.faults.add({ method: 'POST', path: rotated, kind: 'reset-before' });
  await failureOf(succeed());
  fixture.lab.faults.add({ method: 'POST', path: rotated, kind: 'reset-after' });
  await failureOf(succeed());
  fixture.lab.rotateByHand('jwt', (await bench.store.unseal(fixture.next))['publicKey']!); // the request of the first attempt

  await succeed();
  await run('expireSecret', fixture.old);
  await run('dropSpare', fixture.next);

  expect(fixture.lab.values('jwt')).toEqual([await valueOf(fixture.next)]);
});

it('makes the new key current when the engine had refused it once', async () => {
  await switched();
  fixture.lab.faults.add({ method: 'POST', path: rotated, kind: { status: 400 } });
  await failureOf(succeed());

  await succeed();
  await run('expireSecret', fixture.old);
  await run('dropSpare', fixture.next);

  expect(fixture.lab.values('jwt')).toEqual([await valueOf(fixture.next)]);
});

it('calls nothing proved where the current key is refused as well', async () => {
  await switched();
  for (const value of fixture.lab.values('jwt')) fixture.lab.remove('jwt', value);

  expect(await run('refuses', fixture.old)).toMatchObject({ outcome: 'failed' });
  expect((await bench.store.read(fixture.old)).provider).toBe('accepted');
});

it('calls the new key accepted only when that lasts, before the old one ends', async () => {
  Object.assign(fixture.settings, { propagationMs: 10_000, connections: 3 });
  await switched();
  await bench.store.note(fixture.next, { engine: 'yes' });

  for (const clockOffsetMs of [0, 2500, 5000, 7500]) {
    bench.clockOffsetMs = clockOffsetMs;
    const failure = await failureOf(run('accepts', fixture.next));
    expect(failure).toMatchObject({ type: 'Propagating', nextRetryDelay: 2500 });
  }
  bench.clockOffsetMs = 10_000;
  expect(await run('accepts', fixture.next)).toMatchObject({ outcome: 'proved' });
});

it('refuses a key of another family, and says why', async () => {
  fixture.settings.jwt = { algorithm: 'RS256', tokenLifetimeMs: 0, signer: null };

  const failure = await failureOf(run('generate', fixture.next));

  expect(failure).toMatchObject({ type: 'Rejected', nonRetryable: true });
  expect(failure.message).toContain('JWT_ALGORITHM is RS256');
});

it('asks about tokens that will live for long', async () => {
  await switched();
  fixture.settings.jwt = { algorithm: 'ES256', tokenLifetimeMs: 3_600_000, signer: null };

  expect(await run('isIdle', fixture.old)).toMatchObject({ kind: 'idle', outcome: 'failed' });
});

it.each([
  [{ replaceSecretsFromEnv: null }, 'is not known to be false'],
  [{ replaceSecretsFromEnv: true }, 'is true'],
  [{ envFile: '/nowhere/.env' }, 'cannot be read'],
])('does not rotate where a restart may undo it: %j', async (changed, why) => {
  Object.assign(fixture.settings, changed);

  const failure = await failureOf(run('requireKept', fixture.next));

  expect(failure).toMatchObject({ type: 'Rejected', nonRetryable: true });
  expect(failure.message).toContain(why);
});

describe('a base', () => {
  beforeEach(async () => {
    await fixture.lab.stop();
    await bench.close();
    bench = await startBench();
    fixture = await startFixture(bench, { type: 'secret_key_base' });
  });

  it('is told by the list and by the health of the engine', async () => {
    await switched();

    expect(await run('accepts', fixture.next)).toMatchObject({ kind: 'accepted', outcome: 'not-observable' });
    await succeed();
    await run('expireSecret', fixture.old);
    expect(await run('refuses', fixture.old)).toMatchObject({ kind: 'refused', outcome: 'not-observable' });
    expect(await run('accepts', fixture.old)).toMatchObject({ outcome: 'failed' });
  });

  it.each(['accepts', 'refuses'] as const)('declares what %s sends', async (verb) => {
    await switched();

    await expectDeclared(verb);
  });
});

it('contains: a key that nobody holds is current, and every other one is over', async () => {
  await switched();

  await run('displace', fixture.next);
  await run('expireOthers', { ...fixture.next, number: 99 });

  expect(fixture.lab.values('jwt')).toHaveLength(1);
  expect(await bench.store.identify(fixture.lab.values('jwt')[0]!)).toEqual([]);
});

describe('where no expiry may lie in the past', () => {
  let aheadMs: number;

  beforeEach(async () => {
    aheadMs = 0;
    await fixture.lab.stop();
    await bench.close();
    bench = await startBench();
    fixture = await startFixture(bench, { clock: () => Date.now() + aheadMs, behavior: { pastExpiry: 'refused' } });
  });

  it('is not done with the end of every other key before all are over', async () => {
    await switched();
    await run('displace', fixture.next);

    const failure = await failureOf(run('expireOthers', { ...fixture.next, number: 99 }));
    expect(failure).toMatchObject({ type: 'Propagating', nonRetryable: false });
    expect(fixture.lab.values('jwt').length).toBeGreaterThan(1);
    aheadMs += Number(failure.nextRetryDelay);
    await run('expireOthers', { ...fixture.next, number: 99 });

    expect(fixture.lab.values('jwt')).toHaveLength(1);
  });

  it('knows a key that is about to end when the next attempt comes early, and still waits', async () => {
    await switched();
    await succeed();

    for (const early of [1, 2])
      expect([early, await failureOf(run('expireSecret', fixture.old))]).toMatchObject([
        early,
        { type: 'Propagating' },
      ]);
    const failure = await failureOf(run('expireSecret', fixture.old));
    expect(fixture.lab.values('jwt')).toContain(await valueOf(fixture.old));
    aheadMs += Number(failure.nextRetryDelay);
    await run('expireSecret', fixture.old);

    expect(fixture.lab.values('jwt')).not.toContain(await valueOf(fixture.old));
  });
});

it("surveys: what is in force, what is listed, and what is somebody else's", async () => {
  await switched();
  fixture.lab.addByHand('jwt', newKeyPair('ES256').publicKey);

  const seen = await bench.attempt(() => fixture.activities.survey(bench.credential));

  expect(seen.settings).toMatchObject([{ key: 'jwt', byUs: true, version: fixture.old.number }]);
  expect(seen.versions.map(({ verdict }) => verdict)).toEqual(['listed', 'listed']);
  expect(seen.orphans).toMatchObject([{ id: 'jwt/4', madeFor: null }]);
});

it('still knows what it added after the credential got another name', async () => {
  await switched();
  await bench.store.close(fixture.next, 'failed', 'the test goes on');

  await bench.store.rename({ credential: bench.credential, to: 'signing', actor: 'ada' });

  const { versions, orphans } = await bench.attempt(() => fixture.activities.survey('signing'));
  expect(versions.map(({ verdict }) => verdict)).toEqual(['listed', 'listed']);
  expect(orphans).toEqual([]);
});

it('does not try again with an API token that is wrong', async () => {
  fixture.settings.apiToken = 'another';

  expect(await failureOf(run('isListed', fixture.old))).toMatchObject({
    type: 'Unauthorized',
    nonRetryable: true,
  });
});

it('says when a restart brought the environment back, and what to do about it', async () => {
  fixture.lab.rotateByHand('jwt', newKeyPair('ES256').publicKey);

  const found = await bench.attempt(() => fixture.activities.checkAccess(bench.credential));

  expect(found.find(({ what }) => what === 'jwt secrets')).toMatchObject({ ok: false });
  expect(found.find(({ what }) => what === 'jwt secrets')?.detail).toContain('REPLACE_SECRETS_FROM_ENV');
});

it.each([
  'addSecret',
  'isListed',
  'accepts',
  'refuses',
  'processTestDocument',
  'identifySecret',
  'displace',
  'expireOthers',
] as const)('declares what %s sends', async (verb) => {
  await switched();

  await expectDeclared(verb);
});

it('shows no secret when everything answers 400 and echoes what it was sent', async () => {
  await switched();
  const secrets = [
    fixture.lab.apiToken,
    fixture.lab.privateKey,
    (await bench.store.unseal(fixture.next))['privateKey']!,
  ];
  fixture.lab.faults.add({ method: '*', path: '*', times: Infinity, kind: { status: 400 } });
  const seen: unknown[] = [];

  for (const verb of ['addSecret', 'isListed', 'accepts', 'refuses', 'processTestDocument', 'displace'] as const)
    seen.push(await run(verb, fixture.next).catch((error: unknown) => error));

  const text = inspect(seen, { depth: Infinity, showHidden: true, maxStringLength: Infinity });
  for (const secret of secrets) expect(text.includes(secret)).toBe(false);
});

it('ends a leaked key beside entries that cannot be read, and shows them', async () => {
  await switched();
  await succeed();
  await bench.store.note({ ...fixture.old, fence: fixture.next.fence }, { compromised: true });
  const list = { method: 'GET', path: '/api/secrets/{type}' };
  const listed = fixture.lab.secrets('jwt').map(({ id, expiresAt }) => ({ id, expiresAt }));
  const odd = [{ id: 4711 }, { id: 4712, expiresAt: 'soon' }, 'what?', ...listed];
  fixture.lab.faults.add({
    ...list,
    times: Number.POSITIVE_INFINITY,
    kind: { status: 200, body: JSON.stringify(odd) },
  });

  const { orphans } = await bench.attempt(() => fixture.activities.survey(bench.credential));
  await run('expireSecret', { ...fixture.old, fence: fixture.next.fence });

  expect(orphans.map(({ id, name }) => [id, name])).toEqual([
    ['jwt/4711', 'cannot be read'],
    ['jwt/4712', 'cannot be read'],
  ]);
  expect(fixture.lab.secrets('jwt').filter(({ expiresAt }) => expiresAt === null)).toHaveLength(1);
});

it.each([200, 401, 403])(
  'does not take a page of something in between (%i) for an expiry, nor for a wrong token',
  async (status) => {
    await switched();
    await succeed();
    await bench.store.note({ ...fixture.old, fence: fixture.next.fence }, { compromised: true });
    const page = { status, body: '<html><body>Please sign in</body></html>' };
    for (const method of ['PATCH', 'POST'])
      fixture.lab.faults.add({ method, path: '/api/secrets/{type}/{id}', kind: page });

    const failure = await failureOf(run('expireSecret', { ...fixture.old, fence: fixture.next.fence }));

    expect(failure).toMatchObject({ nonRetryable: false, type: 'Unavailable' });
  },
);
