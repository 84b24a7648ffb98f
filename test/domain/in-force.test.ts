import { judge } from '../../src/domain/in-force.js';
import { mustAsk } from '../../src/domain/last-use.js';
import { type Look, retriesMs, type Terms, type Verification } from '../../src/domain/verification.js';

const minute = 60_000;
const hour = 60 * minute;
/** The provider's clock is far from ours: nothing may compare the two. */
const provider = (ours: number): number => Math.floor((ours - 400 * 24 * hour) / 1000);

const usage = { resolutionMs: 16 * minute, lagMs: 24 * hour };
const tried: Terms = { checkedEveryMs: 5 * minute, usage };
const untried: Terms = { checkedEveryMs: null, usage };
const untold: Terms = { checkedEveryMs: 5 * minute, usage: null };

const start = Date.UTC(2026, 10, 1);
const probed = [{ at: start, providerTime: provider(start) }];
const ours = { key: 'openai_api_key', sight: 'ours', changed: 'by keyturn at noon' } as const;

function lookAt(at: number, found: Partial<Look> = {}): Look {
  return {
    ...{ credential: 'openai', version: 2, at, settings: [ours], verdict: 'listed', lastUsed: provider(start) },
    ...{ probes: probed, revived: [], documents: null, isOnlyOne: false, healable: true },
    ...found,
  };
}

/** Looks one after the other; a heal that is asked for is tried at once. */
function judged(terms: Terms, ...looks: readonly Look[]): Verification {
  let known: Verification | null = null;
  for (const look of looks) {
    const { next, heal }: ReturnType<typeof judge> = judge(known, look, terms);
    known = heal ? { ...next, healTriedAt: look.at } : next;
  }
  return known!;
}

/** So many looks, each an hour after the one before, that all show a use five minutes old. */
function inUse(count: number): Look[] {
  const times = Array.from({ length: count }, (_, index) => start + (index + 1) * hour);
  return times.map((at) => lookAt(at, { lastUsed: provider(at - 5 * minute) }));
}
const still = (at: number, found: Partial<Look> = {}): Look =>
  lookAt(at, { lastUsed: provider(start + 2 * hour - 5 * minute), ...found });
const document = (end: 'success' | 'failure') => ({
  step: 'upload_to_s3',
  end,
  code: end === 'failure' ? '403' : null,
});

describe('a last use', () => {
  it('that moves shows that it is in force', () => {
    expect(judged(tried, ...inUse(2))).toMatchObject({ state: 'verified', verifiedAt: start + 2 * hour });
  });

  it('that is our own probe shows nothing, whoever notes it a little earlier or later', () => {
    for (const seconds of [-59, 0, 60]) {
      const found = { lastUsed: provider(start) + seconds };
      expect(judged(tried, lookAt(start + hour, found))).toMatchObject({ state: 'not-observable' });
    }
    expect(judged(tried, lookAt(start + hour, { lastUsed: provider(start) + 61 }))).toMatchObject({
      state: 'verified',
    });
  });

  it('that stands still between two looks is suspected, and drifted when the engine has reloaded in vain', () => {
    const suspected = judge(judged(tried, ...inUse(2)), still(start + 3 * hour), tried);
    const after = judged(tried, ...inUse(2), still(start + 3 * hour), still(start + 4 * hour));

    expect(suspected).toMatchObject({ heal: true, next: { state: 'suspected', drift: 'unused' } });
    expect(suspected.againMs).toBeLessThan(hour);
    expect(after).toMatchObject({ state: 'drifted', drift: 'unused', since: start + 4 * hour });
  });

  it('that stands still while the engine cannot be made to reload is told as well, and still healed as soon as it can', () => {
    const suspected = judge(judged(tried, ...inUse(2)), still(start + 3 * hour), tried).next;
    const { next, heal } = judge(suspected, still(start + 4 * hour), tried);

    expect([next.state, heal]).toEqual(['drifted', true]);
    expect(next.why).toContain('could not make the engine reload');
  });

  it('that moves again after the reload is healed, once', () => {
    const healed = judged(tried, ...inUse(2), still(start + 3 * hour), inUse(4)[3]!);

    expect(healed).toMatchObject({
      state: 'verified',
      healedAt: start + 4 * hour,
      healedBy: 'keyturn',
      healTriedAt: null,
    });
    expect(judge(healed, inUse(5)[4]!, tried).next).toMatchObject({ healedAt: start + 4 * hour });
  });

  it('is not expected to move within the resolution after a probe, nor before it ever did while the provider may lag', () => {
    const known = judged(tried, ...inUse(2));
    const early = still(start + 2 * hour + 20 * minute);

    expect(judge(known, early, tried).next).toMatchObject({ state: 'verified', verifiedAt: start + 2 * hour });
    expect(judged(tried, lookAt(start + hour), lookAt(start + 24 * hour))).toMatchObject({ state: 'not-observable' });
    expect(judged(tried, lookAt(start + hour), lookAt(start + 25 * hour))).toMatchObject({ state: 'suspected' });
  });

  it('says nothing by standing still where nothing tries the value by itself', () => {
    expect(judged(untried, ...inUse(2), still(start + 90 * hour))).toMatchObject({
      state: 'verified',
      verifiedAt: start + 2 * hour,
    });
  });
});

describe('documents', () => {
  it('that go through show it where every other value is refused, and only there', () => {
    const found = { documents: document('success'), lastUsed: null };

    expect(judged(untold, lookAt(start + hour, { ...found, isOnlyOne: true }))).toMatchObject({ state: 'verified' });
    expect(judged(untold, lookAt(start + hour, found))).toMatchObject({ state: 'not-observable' });
  });

  it('that fail are suspected, and told only after the engine has made its last try', () => {
    const failing = (at: number) => lookAt(at, { documents: document('failure') });
    const known = judged(untried, failing(start + hour));

    expect(known).toMatchObject({ state: 'suspected', drift: 'failing' });
    expect(known.why).toContain('upload_to_s3 (403)');
    expect(judge(known, failing(start + hour + retriesMs - 1), untried).next.state).toBe('suspected');
    expect(judge(known, failing(start + hour + retriesMs), untried).next.state).toBe('drifted');
    expect(judge(known, lookAt(start + 2 * hour), untried).next).toMatchObject({
      state: 'suspected',
      drift: 'failing',
    });
  });
});

describe('what is certain', () => {
  it.each([
    ['revoked', { verdict: 'refused' as const }, 'keyturn emergency openai'],
    ['edited', { settings: [{ ...ours, sight: 'edited' as const, changed: 'by bob at noon' }] }, 'by bob at noon'],
    [
      'edited',
      { settings: [{ ...ours, sight: 'edited' as const, holds: 2 }] },
      'holds version 2, which Keyturn wrote and which is not in force: a rotation was given up',
    ],
    ['restored', { settings: [{ ...ours, sight: 'restored' as const }] }, 'restored to an earlier state'],
    ['revived', { revived: ['version 1 is retired, and the provider has it again'] }, 'version 1'],
  ])('is told at once, is never healed, and ends as soon as it is over: %s', (drift, found, words) => {
    const before = judged(tried, ...inUse(2));
    const { next, heal } = judge(before, { ...inUse(3)[2]!, ...found }, tried);

    expect(next).toMatchObject({ state: 'drifted', drift, since: start + 3 * hour });
    expect(next.why).toContain(words);
    expect(heal).toBe(false);
    expect(judge(next, inUse(4)[3]!, tried).next).toMatchObject({ state: 'verified', healedBy: 'somebody' });
  });
});

it('a setting that the engine does not show is written once more, even while the value is in use', () => {
  const settings = [{ ...ours, sight: 'hidden' as const }];
  const { next, heal } = judge(judged(tried, ...inUse(2)), { ...inUse(3)[2]!, settings }, tried);

  expect([next.drift, heal]).toEqual(['hidden', true]);
});

it('what Keyturn has never written is not written now: a doubt is told instead', () => {
  const { next, heal } = judge(judged(tried, ...inUse(2)), still(start + 3 * hour, { healable: false }), tried);

  expect([next.state, heal]).toEqual(['drifted', false]);
  expect(next.why).toContain('has not written the setting yet');
});

it('another version in force begins anew', () => {
  const drifted = judged(tried, ...inUse(2), still(start + 3 * hour), still(start + 4 * hour));
  const at = start + 6 * hour;
  const next = judge(drifted, lookAt(at, { version: 3, probes: [{ at, providerTime: provider(at) }] }), tried).next;

  expect(next).toMatchObject({ version: 3, state: 'not-observable', since: at, healedAt: at, healedBy: 'somebody' });
});

describe('the provider is asked with the value', () => {
  it('only where the last use does not show the same, since asking is a use as well', () => {
    const known = judged(tried, ...inUse(2));

    expect(mustAsk(known, inUse(3)[2]!, tried)).toBe(false);
    expect(mustAsk(known, still(start + 2 * hour + 20 * minute), tried)).toBe(false);
    expect(mustAsk(known, still(start + 3 * hour), tried)).toBe(true);
    expect(mustAsk(known, still(start + 2 * hour + minute), untried)).toBe(true);
    expect(mustAsk(null, lookAt(start + hour), untold)).toBe(true);
  });

  it('not again after a refusal, before the engine itself has given up', () => {
    const known = judged(untold, lookAt(start + hour, { verdict: 'refused' }));

    expect(mustAsk(known, lookAt(start + hour + retriesMs - 1), untold)).toBe(false);
    expect(mustAsk(known, lookAt(start + hour + retriesMs), untold)).toBe(true);
  });
});
