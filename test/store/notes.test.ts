import { StoreBusy } from '../../src/store/failures.js';
import { openStore } from '../../src/store/open-store.js';
import { adopted, type Bench, claims, openai, writer, randomValue, request, startBench } from './fixtures.js';

describe('Notes about a version', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await startBench();
  });

  afterEach(() => bench.close());

  it('change what they name and nothing else', async () => {
    const next = await bench.candidate();
    const before = await bench.store.read(next);

    await bench.store.note(next, { provider: 'accepted' });
    await bench.store.note(next, { engine: 'maybe' });
    await bench.store.note(next, {});

    expect(await bench.store.read(next)).toEqual({ ...before, provider: 'accepted', engine: 'maybe' });
  });

  it('that the engine may hold it, and then does, say the same of what it held until then', async () => {
    const old = await bench.store.adopt(adopted({ key: randomValue() }));
    const next = await bench.candidate();
    const views = async () => (await bench.store.versions('openai')).map(({ engine }) => engine);
    await bench.store.note({ ...next, number: old.number }, { engine: 'yes' });

    await bench.store.note(next, { engine: 'maybe' });
    expect(await views()).toEqual(['maybe', 'maybe']);
    await bench.store.note(next, { engine: 'yes' });
    expect(await views()).toEqual(['no', 'yes']);
    await bench.store.note({ ...next, number: old.number }, { engine: 'maybe' });
    expect(await views()).toEqual(['maybe', 'maybe']);
    await bench.store.note(next, { engine: 'no' });
    expect(await views()).toEqual(['maybe', 'no']);
  });

  it('collect the receipts of several settings, the newest of each', async () => {
    const next = await bench.candidate();

    await bench.store.note(next, { receipts: { a: { before: 3 }, b: { before: 7 } } });
    await bench.store.note(next, { receipts: { a: { before: 3, ours: 4 } } });

    expect((await bench.store.read(next)).receipts).toEqual({ a: { before: 3, ours: 4 }, b: { before: 7 } });
  });

  it('never take back that it is compromised', async () => {
    const next = await bench.candidate();

    await bench.store.note(next, { compromised: true });
    await bench.store.note(next, { engine: 'no' });

    expect((await bench.store.read(next)).compromised).toBe(true);
  });

  it('bind the value to the provider id, once that is known', async () => {
    const parts = { key: randomValue() };
    const ref = await bench.store.adopt(adopted(parts));
    const { fingerprint } = await bench.store.read(ref);

    await bench.store.note(ref, { providerId: 'service_account/found' });

    expect(await bench.store.read(ref)).toMatchObject({ providerId: 'service_account/found', fingerprint });
    expect(await bench.store.unseal(ref)).toEqual(parts);
    bench.edit('update versions set provider_id = null');
    await expect(bench.store.unseal(ref)).rejects.toThrow('Version 1 of openai cannot be unsealed');
  });

  it('give a version in force further parts, and replace those of the same name', async () => {
    const key = randomValue();
    const ref = await bench.store.adopt(adopted({ key }));
    const [first, second] = [randomValue(), randomValue()];

    await bench.store.note(ref, { parts: { spare: first } });
    await bench.store.note(ref, { parts: { spare: second } });

    expect(await bench.store.unseal(ref)).toEqual({ key, spare: second });
    expect(await bench.store.identify(second)).toMatchObject([{ number: ref.number }]);
    expect(await bench.store.identify(first)).toEqual([]);
  });

  it('may name the provider id of a version that has no value yet', async () => {
    const { next } = await bench.store.open(openai, claims, request, writer);

    await bench.store.note(next, { providerId: 'Key2' });

    expect(await bench.store.read(next)).toMatchObject({ providerId: 'Key2', parts: [], fingerprint: null });
    await expect(bench.store.unseal(next)).rejects.toMatchObject({ type: 'NotFound' });
    const intent = await bench.store.intend(next);
    expect(await bench.store.keep(next, intent, { providerId: 'Key2', parts: { key: randomValue() } })).toBe(true);
  });

  it('ask for another try when somebody else sealed the value anew meanwhile', async () => {
    const next = await bench.candidate();
    const sealing = new Map(bench.ring.sealing);
    sealing.get = (kid) => {
      bench.edit(`update versions set sealed = sealed || ' '`); // after the row was read, before it is written
      return bench.ring.sealing.get(kid);
    };
    const store = await openStore({ url: `sqlite:${bench.file}`, ring: { ...bench.ring, sealing } });
    const before = await bench.store.read(next);

    await expect(store.note(next, { providerId: 'found' })).rejects.toBeInstanceOf(StoreBusy);

    expect(await bench.store.read(next)).toEqual(before);
    await store.destroy();
  });

  it('need no fence before the first rotation of an adopted version', async () => {
    const ref = await bench.store.adopt(adopted({ key: randomValue() }));

    await bench.store.note(ref, { provider: 'accepted' });

    expect(await bench.store.read(ref)).toMatchObject({ provider: 'accepted' });
  });

  it('need the fence of the open rotation otherwise', async () => {
    const ref = await bench.store.adopt(adopted({ key: randomValue() }));
    const next = await bench.candidate();
    const fenceLost = { type: 'FenceLost', nonRetryable: true };

    await expect(bench.store.note(ref, { provider: 'refused' })).rejects.toMatchObject(fenceLost);
    await expect(bench.store.note({ ...next, fence: 0 }, { provider: 'refused' })).rejects.toMatchObject(fenceLost);
    await bench.store.note({ ...ref, fence: 1 }, { provider: 'accepted' });
    await bench.store.close(next, 'abandoned', null);
    await expect(bench.store.note({ ...next, fence: 0 }, { provider: 'refused' })).rejects.toMatchObject(fenceLost);

    expect(await bench.store.versions()).toMatchObject([{ provider: 'accepted' }, { provider: 'unknown' }]);
  });
});

describe('Evidence', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await startBench();
  });

  afterEach(() => bench.close());

  it('is kept as it was found, newest first, even within a millisecond', async () => {
    const ref = await bench.store.adopt(adopted({ key: randomValue() }));

    await bench.store.prove(ref, {
      kind: 'accepted',
      outcome: 'proved',
      detail: 'answered 200',
      providerTime: 1_793_000_000,
    });
    await bench.store.prove(ref, { kind: 'idle', outcome: 'not-observable', detail: 'no data' });
    await bench.store.prove(ref, { kind: 'idle', outcome: 'failed', detail: 'it was used' });

    const at = bench.clock;
    expect(await bench.store.evidence(ref)).toEqual([
      { kind: 'idle', outcome: 'failed', detail: 'it was used', at },
      { kind: 'idle', outcome: 'not-observable', detail: 'no data', at },
      { kind: 'accepted', outcome: 'proved', detail: 'answered 200', providerTime: 1_793_000_000, at },
    ]);
  });

  it('is of its version alone', async () => {
    const ref = await bench.store.adopt(adopted({ key: randomValue() }));
    const next = await bench.candidate();
    await bench.store.prove(next, { kind: 'accepted', outcome: 'proved', detail: '' });

    expect(await bench.store.evidence(ref)).toEqual([]);
    expect(await bench.store.evidence(next)).toHaveLength(1);
  });

  it('needs no open rotation', async () => {
    const next = await bench.candidate();
    await bench.store.close(next, 'abandoned', null);

    await bench.store.prove(next, { kind: 'refused', outcome: 'proved', detail: '' });

    expect(await bench.store.evidence(next)).toHaveLength(1);
  });
});
