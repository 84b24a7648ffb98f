import { labelOf, looksMadeFor } from '../../src/store/intents.js';
import { type Bench, claims, openai, writer, randomValue, request, startBench, matching } from './fixtures.js';
import type { VersionRef } from '../../src/domain/version.js';

describe('An attempt to create something', () => {
  let bench: Bench;
  let next: VersionRef;

  beforeEach(async () => {
    bench = await startBench();
    ({ next } = await bench.store.open(openai, claims, request, writer));
  });

  afterEach(() => bench.close());

  const made = (providerId = 'service_account/a') => ({ providerId, parts: { key: randomValue() } });

  it('is on record before it is made, with a name that is ours alone', async () => {
    const intent = await bench.store.intend(next);

    const start = `keyturn-${bench.ring.installation.slice(0, 8)}-openai-v1-`;
    expect(intent).toEqual({
      ...{ credential: 'openai', version: 1, outcome: 'open', providerId: null, at: bench.clock },
      ...{ nonce: matching(/^[0-9a-f]{12}$/), label: start + intent.nonce },
    });
    expect(await bench.store.intents('openai')).toEqual([intent]);
    expect(await bench.store.intents('azure')).toEqual([]);
  });

  it('gets a name of at most 64 plain characters, whatever the credential is called', () => {
    const label = labelOf(bench.ring.installation, {
      ...{ credential: 'Große Ablage: OpenAI (Produktion) mit langem Namen', version: 123, nonce: '0123456789ab' },
    });

    expect(label).toMatch(/^[a-z0-9-]{64}$/);
    expect(label).toMatch(/^keyturn-[0-9a-f]{8}-gro-e-ablage-openai.*-v123-0123456789ab$/);
  });

  it.each(['openai', 'openai-two', 'Große Ablage: OpenAI (Produktion) mit langem Namen'])(
    'is recognised by the name of %s, and not by that of another',
    (credential) => {
      const label = labelOf(bench.ring.installation, { credential, version: 1, nonce: '0123456789ab' });

      expect(looksMadeFor(credential, label)).toBe(true);
      for (const other of ['openai-t', 'open', 'azure']) expect(looksMadeFor(other, label)).toBe(false);
      expect(looksMadeFor(credential, `${label}-by-hand`)).toBe(false);
    },
  );

  it('is kept: the value is sealed and the version becomes a candidate', async () => {
    const intent = await bench.store.intend(next);
    const result = made();

    expect(await bench.store.keep(next, intent, result)).toBe(true);

    expect(await bench.store.unseal(next)).toEqual(result.parts);
    expect(await bench.store.read(next)).toMatchObject({
      ...{ state: 'candidate', providerId: result.providerId, parts: ['key'], fence: 1 },
    });
    expect(await bench.store.intents('openai')).toMatchObject([{ outcome: 'kept', providerId: result.providerId }]);
  });

  it('is the same for every process that asks a person for it, until that has ended', async () => {
    const first = await bench.store.intendAsked(next);

    expect(await bench.store.intendAsked(next)).toEqual(first);
    await bench.store.settle(first, 'nothing-made');
    expect((await bench.store.intendAsked(next)).label).not.toBe(first.label);
  });

  it('loses to a later one, and stays open until it is settled', async () => {
    const first = await bench.store.intend(next);
    const second = await bench.store.intend(next);

    expect(await bench.store.keep(next, first, made('a'))).toBe(false);
    expect(await bench.store.keep(next, second, made('b'))).toBe(true);
    await bench.store.settle(first, 'deleted');

    expect(await bench.store.read(next)).toMatchObject({ providerId: 'b' });
    expect((await bench.store.intents('openai')).map(({ outcome }) => outcome)).toEqual(['deleted', 'kept']);
  });

  it('is not begun by an attempt of its step that a later one has replaced', async () => {
    const attempt = (number: number) => ({ ...writer, attempt: { activity: 'create', number } });
    await bench.store.record({
      ...{ event: 'started', credential: 'openai', runId: writer.runId, activityId: 'create', attempt: 2 },
    });

    await expect(bench.store.intend(next, { writer: attempt(1) })).rejects.toMatchObject({ type: 'FenceLost' });
    expect(await bench.store.intents('openai')).toEqual([]);
    await bench.store.intend(next, { writer: attempt(2) });
  });

  it('loses to a later one even when that made nothing', async () => {
    const first = await bench.store.intend(next);
    const second = await bench.store.intend(next);
    await bench.store.settle(second, 'nothing-made');

    expect(await bench.store.keep(next, first, made())).toBe(false);

    expect(await bench.store.read(next)).toMatchObject({ state: 'intended', parts: [] });
    expect((await bench.store.intents('openai')).map(({ outcome }) => outcome)).toEqual(['open', 'nothing-made']);
  });

  it('is kept once', async () => {
    const intent = await bench.store.intend(next);
    const first = made();
    await bench.store.keep(next, intent, first);

    expect(await bench.store.keep(next, intent, made('b'))).toBe(false);

    expect(await bench.store.unseal(next)).toEqual(first.parts);
  });

  it('is kept by one of two that answer at once', async () => {
    const intent = await bench.store.intend(next);

    const results = await Promise.all([
      bench.store.keep(next, intent, made('a')),
      bench.store.keep(next, intent, made('b')),
    ]);

    expect(results.sort()).toEqual([false, true]);
  });

  it('is not kept after it was settled', async () => {
    const intent = await bench.store.intend(next);
    await bench.store.settle(intent, 'deleted');

    expect(await bench.store.keep(next, intent, made())).toBe(false);
  });

  it('is not kept for a version that is being discarded', async () => {
    const intent = await bench.store.intend(next);
    await bench.store.move(next, 'discarding');

    expect(await bench.store.keep(next, intent, made())).toBe(false);

    expect(await bench.store.read(next)).toMatchObject({ state: 'discarding', parts: [] });
  });

  it('is not begun for a version that is being discarded', async () => {
    await bench.store.move(next, 'discarding');

    await expect(bench.store.intend(next)).rejects.toMatchObject({ type: 'NeedsDecision', nonRetryable: true });
  });

  it('asks again later when another attempt has just got the value', async () => {
    await bench.store.keep(next, await bench.store.intend(next), made());

    await expect(bench.store.intend(next)).rejects.toMatchObject({ nonRetryable: false });

    expect(await bench.store.intents('openai')).toHaveLength(1);
  });

  it('is settled as often as one likes, but not when it was kept or never was', async () => {
    const open = await bench.store.intend(next);
    await bench.store.settle(open, 'nothing-made');
    await bench.store.settle(open, 'nothing-made');
    const kept = await bench.store.intend(next);
    await bench.store.keep(next, kept, made());

    await expect(bench.store.settle(kept, 'deleted')).rejects.toMatchObject({ type: 'NeedsDecision' });
    await expect(bench.store.settle({ nonce: 'none' }, 'deleted')).rejects.toMatchObject({ type: 'NotFound' });
    expect((await bench.store.intents('openai')).map(({ outcome }) => outcome)).toEqual(['nothing-made', 'kept']);
  });

  it('has a name that cannot be redirected by editing the database', async () => {
    await bench.store.intend(next);

    bench.edit(`update intents set nonce = 'somebody-elses-key'`);

    expect((await bench.store.intents('openai'))[0]?.label).toMatch(/^keyturn-[0-9a-f]{8}-openai-v1-/);
  });
});
