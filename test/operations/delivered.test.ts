import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { LocalFiles } from '../../activities/delivery/local-files.js';
import { delivered } from '../../src/lab/scenarios/delivered.js';
import { containDirectly } from '../../src/operations/emergency/emergency-direct.js';
import type { Session } from '../../src/operations/session/session.js';
import { statusOf } from '../../src/operations/rotate/status.js';
import { type Fixture, startFixture } from './reconcile-fixture.js';

let fixture: Fixture;
const replace = Reflect.get(LocalFiles.prototype, 'replace');

beforeAll(async () => {
  fixture = await startFixture(delivered);
  await fixture.start();
  await fixture.ended(await fixture.rotate());
});
afterEach(() => {
  LocalFiles.prototype.replace = replace;
  jest.restoreAllMocks();
});
afterAll(() => fixture.close());

const envFile = (): string => {
  const { credentials } = fixture.rehearsal().session.config;
  const [target] = credentials['openai']?.deliver ?? [];
  return target && 'envFile' in target ? target.envFile : '';
};
const content = (): string => readFileSync(envFile(), 'utf8');
const status = async () => {
  const { session, client } = fixture.rehearsal();
  return (await statusOf(session, client, 'openai'))[0]!;
};
const versions = () => fixture.rehearsal().session.store.versions('openai');
const line = (value: string | null | undefined): string => `KEYTURN_VALUE=${value}\n`;

it('is seen to be what is in force', async () => {
  expect(content()).toBe(line(fixture.scenario.engineHolds()));
  expect((await status()).delivered).toMatchObject([{ holds: 'a version', version: 2, isDelivered: true }]);
  expect((await status()).trouble).toEqual([]);
  expect((await fixture.reconcile(false)).differences).toEqual([]);
});

describe('A place that holds something else', () => {
  it.each([
    ['a dead value of ours', () => line(fixture.scenario.adopted['key']), /holds version 1, which is retired/],
    ['what is no value of ours', () => line('by-hand'), /holds something else/],
    ['nothing', () => '', /holds nothing/],
  ])('is told by status and repaired by reconcile: %s', async (_, write, says) => {
    writeFileSync(envFile(), write());

    expect((await status()).trouble).toEqual([expect.stringMatching(says)]);
    expect(await fixture.reconcile(false)).toMatchObject({
      reconciled: false,
      remaining: [{ what: expect.stringMatching(says) as string, repair: { kind: 'deliver-again' } }],
    });

    expect(await fixture.reconcile()).toMatchObject({ reconciled: true, failed: [], remaining: [] });
    expect(content()).toBe(line(fixture.scenario.engineHolds()));
    expect(readdirSync(dirname(envFile()))).toEqual(['.env']);
    expect((await status()).trouble).toEqual([]);
  });
});

it('names what a killed delivery left, and reconcile removes it', async () => {
  const left = '..env.keyturn-0123456789ab';
  writeFileSync(join(dirname(envFile()), left), 'a value');

  expect((await status()).trouble).toEqual([expect.stringContaining(left)]);
  expect(await fixture.reconcile()).toMatchObject({ remaining: [], repaired: [`Remove ${left}`] });
  expect(readdirSync(dirname(envFile()))).toEqual(['.env']);
});

/** So long after it has taken over, an emergency waits no more for a step that it interrupted. */
function passMinuteAfterSeizing({ activities }: Session): void {
  const [seize, now] = [activities['versions.seize']!, Date.now.bind(Date)];
  jest.spyOn(activities as Record<string, typeof seize>, 'versions.seize').mockImplementation(async (...asked) => {
    const taken = await seize(...asked);
    jest.spyOn(Date, 'now').mockImplementation(() => now() + 60_000);
    return taken;
  });
}

/** What an emergency waits for cannot be known. */
function failToTell({ activities }: Session): void {
  const tell = jest.spyOn(activities as Record<string, () => Promise<void>>, 'versions.letPass');
  tell.mockRejectedValue(ApplicationFailure.nonRetryable('a row of the ledger cannot be read', 'NeedsDecision'));
}

it.each([
  ['although nobody can tell whether it is under way', failToTell],
  ['a minute later', passMinuteAfterSeizing], // last: the clock is put back afterwards
])('stays what an emergency put there when a delivery goes on that was frozen before: %s', async (_, prepare) => {
  const [frozen, thawed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const gone = Promise.withResolvers<void>();
  LocalFiles.prototype.replace = async function (path, replacement) {
    if (path !== envFile()) return replace.call(this, path, replacement);
    LocalFiles.prototype.replace = replace;
    frozen.resolve();
    await thawed.promise;
    return replace.call(this, path, replacement).finally(gone.resolve);
  };
  const handle = await fixture.rotate();
  await frozen.promise;
  const { session } = fixture.rehearsal();
  prepare(session);
  const asked = { credential: 'openai', actor: 'ada', reason: 'it leaked', versions: null };
  const emergency = await session.store.ask(asked);

  expect(await containDirectly(session, emergency)).toMatchObject({ outcome: 'replaced' });
  const current = (await versions()).find(({ state }) => state === 'current')!;
  expect(content()).toBe(line(fixture.scenario.engineHolds()));
  thawed.resolve();
  await gone.promise.catch(() => undefined);
  await fixture.ended(handle);

  expect(content()).toBe(line(fixture.scenario.engineHolds()));
  expect((await status()).delivered).toMatchObject([{ version: current.number, leftBehind: [] }]);
  expect((await status()).trouble).toEqual([]);
});
