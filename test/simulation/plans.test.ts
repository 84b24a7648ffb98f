import { diskOrigin } from '../../src/crash-test/setback.js';
import { calm, planOf, simpler } from '../../src/simulation/plans.js';
import { kindOf } from '../../src/simulation/kind-of.js';
import { asTest } from '../../src/simulation/shrink.js';
import { fits, layersOf, type Plan } from '../../src/simulation/trouble.js';

const counts = { any: 300, request: 10, answer: 10, write: 30, fence: 8, opening: 1, finding: 7, feeding: 2, file: 0 };

describe('a plan', () => {
  it('depends on its seed alone', () => {
    expect(planOf('a', 'all', counts)).toEqual(planOf('a', 'all', counts));
    expect(planOf('b', 'all', counts)).not.toEqual(planOf('a', 'all', counts));
  });

  it('draws each kind of place as often as any other, and only places that there are', () => {
    const troubles = Array.from({ length: 400 }, (_, index) => planOf(String(index), 'all', counts).troubles).flat();

    for (const layer of ['any', 'request', 'answer', 'write', 'fence'] as const) {
      const drawn = troubles.filter((each) => each.layer === layer);
      expect(drawn.length).toBeGreaterThan(troubles.length / 10);
      expect(drawn.every(({ place }) => place < counts[layer])).toBe(true);
    }
  });

  it('is aimed at what follows now and then, and often has more than one worker', () => {
    const plans = Array.from({ length: 400 }, (_, index) => planOf(String(index), 'all', counts));
    const following = plans.filter(({ troubles }) => troubles.some(({ follows }) => follows));

    expect(following.length).toBeGreaterThan(40);
    expect(following.every(({ troubles: [first] }) => first?.follows === undefined)).toBe(true);
    expect(plans.filter(({ workers }) => workers === 2).length).toBeGreaterThan(200);
  });

  it('is aimed at a kind of place only where there are places of it', () => {
    const drawn = (file: number) =>
      Array.from({ length: 400 }, (_, index) => planOf(String(index), 'all', { ...counts, file }).troubles).flat();

    expect(drawn(0).filter(({ layer }) => layer === 'file')).toEqual([]);
    expect(drawn(3).filter(({ layer }) => layer === 'file').length).toBeGreaterThan(5);
  });

  it('becomes simpler step by step, until nothing is left of it', () => {
    let plan: Plan = planOf('a', 'all', counts);
    for (let next = simpler(plan).next(); !next.done; next = simpler(plan).next()) plan = next.value;

    expect(plan).toEqual(calm);
  });
});

describe('a place', () => {
  it('is one for a fault of an answer where a request leaves', () => {
    const trouble = { kind: 'hang', layer: 'write', place: 0, ms: 30 } as const;

    expect(fits(trouble, { at: 'request', name: 'GET /v1/models' })).toBe(true);
    expect(fits(trouble, { at: 'store', name: 'keep' })).toBe(false);
  });

  it.each([
    'DELETE /v1/organization/projects/p/service_accounts/a',
    'DELETE /v1/organization/projects/p/api_keys/k',
    'DELETE /ocs/v2.php/core/apppassword',
    'POST /subscriptions/s/accounts/a/regenerateKey',
  ])('is one for a deletion that does not happen where a value is ended: %s', (name) => {
    const trouble = { kind: 'false-deletion', layer: 'request', place: 0, ms: 30 } as const;

    expect(fits(trouble, { at: 'request', name })).toBe(true);
    expect(fits(trouble, { at: 'request', name: 'DELETE /api/files/1' })).toBe(false);
  });

  it('is one of the few where something may come too late', () => {
    const store = (name: string, activity: string) => layersOf({ at: 'store', name, activity });

    expect(store('open', 'versions.openRotation')).toEqual(['any', 'write', 'opening']);
    expect(store('prove', 'openai.accepts')).toEqual(['any', 'finding']);
    expect(store('prove', 'versions.soleUser')).toEqual(['any']);
    expect(store('fence', 'docuelevate.writeSettings')).toEqual(['any', 'fence', 'feeding']);
    expect(store('fence', 'versions.promote')).toEqual(['any', 'fence']);
    expect(layersOf({ at: 'stored', name: 'fence', activity: 'docuelevate.writeSettings' })).toEqual(['any', 'fence']);
    const request = { method: 'RENAME', origin: diskOrigin, path: '/key' };
    expect(layersOf({ at: 'request', name: 'RENAME /key', request })).toEqual(['any', 'request', 'file']);
  });

  it('is one for a kill wherever its layer is', () => {
    const trouble = { kind: 'kill', layer: 'write', place: 0, ms: 30 } as const;

    expect(fits(trouble, { at: 'store', name: 'keep' })).toBe(true);
    expect(fits(trouble, { at: 'store', name: 'versions' })).toBe(false);
  });
});

it('takes problems for one that differ in names and numbers alone', () => {
  expect(kindOf('"keyturn-1a" works and nothing lists it')).toBe(kindOf('"keyturn-2b" works and nothing lists it'));
});

it('prints a failure as a test that plays it again', () => {
  const text = asTest({
    ...{
      procedure: 'openai-api-key',
      seed: 'a-1',
      plan: calm,
      problems: ['it failed'],
      struck: ['kill at store keep'],
    },
    ...{ outcome: 'none', places: counts, outages: 0, events: 1, virtualMs: 1, hash: '', order: '' },
    ...{ lostSecrets: 0, wrongDeletions: 0, falseProofs: 0, unlistedOrphans: 0 },
  });

  expect(text).toContain("procedure: 'openai-api-key', seed: 'a-1'");
  expect(text).toContain('// kill at store keep');
  expect(text).toContain('expect(verdict.problems).toEqual([])');
});
