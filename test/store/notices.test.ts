import type { Notice } from '../../src/domain/notice.js';
import { type Bench, startBench } from './fixtures.js';

let bench: Bench;
beforeEach(async () => void (bench = await startBench()));
afterEach(() => bench.close());

const minute = 60_000;
const notice = (id: string): Notice => ({ id, event: 'started', at: 1, summary: id, detail: null });
const take = (channel = 'webhook') => bench.store.takeNotice(channel);
const ledger = async () => (await bench.store.ledger()).map(({ event, detail }) => `${event}: ${detail}`);

it('gives each notice to each channel once, however often it is added and whoever asks', async () => {
  const other = await bench.another();
  await bench.store.addNotices(['webhook', 'email'], [notice('a'), notice('b')]);
  await other.addNotices(['webhook', 'email'], [notice('a'), notice('b')]);

  const taken = [await take(), await other.takeNotice('webhook'), await take(), await take('email')];

  expect(taken.map((pending) => pending && `${pending.channel} ${pending.notice.id}`)).toEqual([
    'webhook a',
    'webhook b',
    null,
    'email a',
  ]);
});

it('keeps what it gave to somebody who died, and gives it again a minute later', async () => {
  await bench.store.addNotices(['webhook'], [notice('a')]);
  await take();
  bench.clock += minute;

  expect(await take()).toMatchObject({ notice: notice('a'), attempts: 2 });
});

it('tries again after a failure, with growing pauses, and gives up some day', async () => {
  await bench.store.addNotices(['webhook'], [notice('a')]);
  const pauses: number[] = [];
  for (let since = bench.clock; bench.clock < since + 1440 * minute; bench.clock += minute) {
    const pending = await take();
    if (!pending) continue;
    pauses.push((bench.clock - since) / minute);
    await bench.store.settleNotice(pending, 'webhook send answered 500');
  }

  expect(pauses).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363]);
});

it('says in the ledger when a channel breaks and when it works again, and nothing in between', async () => {
  await bench.store.addNotices(['webhook', 'email'], [notice('a'), notice('b')]);
  for (const error of ['webhook send answered 500', 'webhook send answered 502', null, null]) {
    const pending = await take();
    if (pending) await bench.store.settleNotice(pending, error);
    bench.clock += 2 * minute;
  }

  expect(await ledger()).toEqual(['channel-broken: webhook: webhook send answered 500', 'channel-works: webhook']);
});

it('tells since when and why a channel is broken', async () => {
  await bench.store.addNotices(['webhook', 'email'], [notice('a')]);
  const since = bench.clock;
  await bench.store.settleNotice((await take())!, 'webhook send answered 500');
  await bench.store.settleNotice((await take('email'))!, null);
  bench.clock += minute;
  await bench.store.settleNotice((await take())!, 'webhook send answered 502');

  expect(await bench.store.channelStates()).toEqual(
    expect.arrayContaining([
      { name: 'webhook', brokenSince: since, why: 'webhook send answered 502' },
      { name: 'email', brokenSince: null, why: null },
    ]),
  );
});
