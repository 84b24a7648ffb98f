import { nothingKnown, type Verification } from '../../src/domain/verification.js';
import { type Bench, startBench } from './fixtures.js';

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.close());

const seen: Verification = {
  ...{ credential: 'openai', version: 2, state: 'suspected', drift: 'unused', why: 'it stands still', since: 1000 },
  ...{ lookedAt: 2000, verifiedAt: 500, healTriedAt: null, healedAt: null, healedBy: null, trouble: null },
  memory: { ...nothingKnown, lastUsed: 7, changes: { openai_api_key: 3 } },
};

it('keeps what a look has found, and puts the next one in its place', async () => {
  expect(await bench.store.verification('openai')).toBeNull();
  expect(await bench.store.keepVerification(null, seen)).toBe(true);
  expect(await bench.store.verification('openai')).toEqual(seen);
  const later = { ...seen, state: 'verified', drift: null, lookedAt: 3000 } as const;

  expect(await bench.store.keepVerification(seen, later)).toBe(true);

  expect(await bench.store.verification('openai')).toEqual(later);
});

it('does not keep a look that was compared with something older than what is there', async () => {
  await bench.store.keepVerification(null, seen);
  const later = { ...seen, lookedAt: 3000 };
  await bench.store.keepVerification(seen, later);

  expect(await bench.store.keepVerification(seen, { ...seen, lookedAt: 4000 })).toBe(false);
  expect(await bench.store.keepVerification(null, { ...seen, lookedAt: 4000 })).toBe(false);
  expect(await bench.store.verification('openai')).toEqual(later);
});

it('gives the one attempt to heal away once, and a look that does not know of it cannot bring it back', async () => {
  await bench.store.keepVerification(null, seen);
  const other = await bench.another();

  expect([await bench.store.claimHeal('openai'), await other.claimHeal('openai')]).toEqual([true, false]);
  expect(await bench.store.keepVerification(seen, { ...seen, lookedAt: 4000 })).toBe(false);
  await bench.store.releaseHeal('openai');

  expect(await other.claimHeal('openai')).toBe(true);
});
