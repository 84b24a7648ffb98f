import { UserError } from '../../src/domain/user-error.js';
import {
  adopted,
  type Bench,
  claims,
  openai,
  writer,
  randomValue,
  request,
  startBench,
  containing,
  matching,
} from './fixtures.js';

describe('Adopting a value', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await startBench();
  });

  afterEach(() => bench.close());

  it('makes it version 1, current and readable', async () => {
    const parts = { id: randomValue(), secret: randomValue() };

    const ref = await bench.store.adopt(adopted(parts, { soleUser: true }));

    expect(ref).toEqual({ credential: 'openai', number: 1, fence: 0 });
    expect(await bench.store.unseal(ref)).toEqual(parts);
    expect(await bench.store.read(ref)).toEqual({
      ...{ credential: 'openai', number: 1, fence: 0, state: 'current', providerId: null, parts: ['id', 'secret'] },
      ...{
        fingerprint: matching(/^[0-9a-f]{64}$/),
        provider: 'unknown',
        engine: 'maybe',
        receipts: {},
        sources: {},
        madeAs: 'openai',
      },
      ...{ compromised: false, adopted: true, soleUser: true },
      ...{ createdAt: bench.clock, promotedAt: bench.clock, retiredAt: null, endProof: null },
    });
    expect(await bench.store.rotations()).toEqual([]);
  });

  it('changes nothing when the value was adopted before', async () => {
    const parts = { key: randomValue() };
    const first = await bench.store.adopt(adopted(parts));

    const again = await bench.store.adopt(adopted(parts));

    expect(again).toEqual(first);
    expect(await bench.store.versions()).toHaveLength(1);
    expect(await bench.store.ledger()).toHaveLength(1);
  });

  it('knows the value again when the version has got further parts since', async () => {
    const value = adopted({ key: randomValue() });
    const first = await bench.store.adopt(value);
    await bench.store.note(first, { parts: { spare: randomValue() } });

    expect((await bench.store.adopt(value)).number).toBe(first.number);
    await expect(bench.store.adopt({ ...value, parts: { key: randomValue() } })).rejects.toThrow('another value');
  });

  it('changes nothing when the value is the current one, even while a rotation is open', async () => {
    const parts = { key: randomValue() };
    const first = await bench.store.adopt(adopted(parts));
    await bench.store.open(openai, claims, request, writer);

    expect(await bench.store.adopt(adopted(parts))).toEqual(first);
  });

  it('refuses another value while there is a current one, and says how to go on', async () => {
    const value = randomValue();
    const ref = await bench.store.adopt(adopted({ key: value }));

    const adopting = bench.store.adopt(adopted({ key: randomValue() }));

    await expect(adopting).rejects.toBeInstanceOf(UserError);
    await expect(adopting).rejects.toMatchObject({
      message: 'openai already has version 1, with another value.',
      next: containing('keyturn rotate openai'),
    });
    expect(await bench.store.unseal(ref)).toEqual({ key: value });
  });

  it('refuses another value while a rotation is open', async () => {
    await bench.store.open(openai, claims, request, writer);

    const adopting = bench.store.adopt(adopted({ key: randomValue() }));

    await expect(adopting).rejects.toBeInstanceOf(UserError);
    await expect(adopting).rejects.toThrow('openai is being rotated (rotation/openai, since 2026-11-01T00:00:00.000Z)');
    expect(await bench.store.versions()).toMatchObject([{ state: 'intended' }]);
  });

  it('goes on with the next number when nothing is current', async () => {
    const { next } = await bench.store.open(openai, claims, request, writer);
    await bench.store.close(next, 'abandoned', null);

    expect(await bench.store.adopt(adopted({ key: randomValue() }))).toMatchObject({ number: 2 });
  });

  it('lets one of two win that adopt at once', async () => {
    const results = await Promise.allSettled([
      bench.store.adopt(adopted({ key: randomValue() })),
      bench.store.adopt(adopted({ key: randomValue() })),
    ]);

    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await bench.store.versions()).toHaveLength(1);
  });

  it('takes what it claims, once for everybody', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));

    const taking = bench.store.adopt(adopted({ key: randomValue() }, { credential: { ...openai, name: 'second' } }));

    await expect(taking).rejects.toMatchObject({
      name: 'UserError',
      message: `${claims[0]} already belongs to the credential openai, so second cannot have it.`,
    });
    expect(await bench.store.credentials()).toEqual([openai]);
  });

  it('refuses another account than the stored values are for', async () => {
    const parts = { key: randomValue() };
    await bench.store.adopt(adopted(parts));

    const adopting = bench.store.adopt(adopted(parts, { credential: { ...openai, account: 'elsewhere' } }));

    await expect(adopting).rejects.toBeInstanceOf(UserError);
    await expect(adopting).rejects.toThrow('openai-api-key at elsewhere in the configuration');
  });
});

describe('Taking an adoption back', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await startBench();
  });

  afterEach(() => bench.close());

  it('leaves the store as it was before, but for the ledger', async () => {
    const ref = await bench.store.adopt(adopted({ key: randomValue() }));
    await bench.store.prove(ref, { kind: 'accepted', outcome: 'failed', detail: 'answered 401' });

    await bench.store.withdraw(ref);

    expect(await bench.store.versions()).toEqual([]);
    expect(await bench.store.evidence(ref)).toEqual([]);
    expect(await bench.store.credentials()).toEqual([]);
    await bench.store.claim({ ...openai, name: 'second' }, claims);
    expect((await bench.store.ledger()).map(({ event }) => event)).toEqual(['adopted', 'withdrawn']);
  });

  it('makes room for another try', async () => {
    await bench.store.withdraw(await bench.store.adopt(adopted({ key: randomValue() })));
    const value = randomValue();

    const ref = await bench.store.adopt(adopted({ key: value }));

    expect(await bench.store.unseal(ref)).toEqual({ key: value });
  });

  it('keeps a credential that had versions before', async () => {
    const { next } = await bench.store.open(openai, claims, request, writer);
    await bench.store.close(next, 'abandoned', null);

    await bench.store.withdraw(await bench.store.adopt(adopted({ key: randomValue() })));

    expect(await bench.store.versions()).toMatchObject([{ number: 1, state: 'intended' }]);
    expect(await bench.store.credentials()).toEqual([openai]);
  });

  it('is refused once a rotation has used it, for ever', async () => {
    const ref = await bench.store.adopt(adopted({ key: randomValue() }));
    const { next } = await bench.store.open(openai, claims, request, writer);
    await expect(bench.store.withdraw(ref)).rejects.toBeInstanceOf(UserError);

    await bench.store.close(next, 'rolled-back', null);

    await expect(bench.store.withdraw(ref)).rejects.toThrow('The adoption of version 1 of openai cannot be undone');
    expect(await bench.store.versions()).toHaveLength(2);
  });

  it('is refused for what a rotation made', async () => {
    const next = await bench.candidate();
    await expect(bench.store.withdraw(next)).rejects.toBeInstanceOf(UserError);
    await bench.store.promote(next);
    await bench.store.close(next, 'retired', null);

    await expect(bench.store.withdraw(next)).rejects.toBeInstanceOf(UserError);
  });
});

describe('A claim', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await startBench();
  });

  afterEach(() => bench.close());

  it('registers its credential and may be repeated', async () => {
    await bench.store.claim(openai, ['a', 'b']);
    await bench.store.claim(openai, ['b', 'c']);

    expect(await bench.store.credentials()).toEqual([openai]);
  });

  it('names the owner to whoever comes second, and takes nothing then', async () => {
    await bench.store.claim(openai, ['b']);
    const second = { ...openai, name: 'second' };

    await expect(bench.store.claim(second, ['a', 'b'])).rejects.toMatchObject({
      name: 'UserError',
      message: 'b already belongs to the credential openai, so second cannot have it.',
    });

    await bench.store.claim({ ...openai, name: 'third' }, ['a']);
    expect((await bench.store.credentials()).map(({ name }) => name)).toEqual(['openai', 'third']);
  });

  it('may move to another account as long as there are no versions', async () => {
    const moved = { ...openai, account: 'elsewhere' };
    await bench.store.claim(openai, []);

    await bench.store.claim(moved, []);

    expect(await bench.store.credentials()).toEqual([moved]);
  });
});
