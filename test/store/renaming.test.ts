import { nothingKnown, type Verification } from '../../src/domain/verification.js';
import { adopted, type Bench, claims, openai, writer, randomValue, request, startBench } from './fixtures.js';

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.close());

const rename = (credential = 'openai', to = 'llm') => bench.store.rename({ credential, to, actor: 'ada' });
const notice = { id: 'openai/1/over', event: 'retired', at: 1, summary: 'a summary', detail: null } as const;

const verified: Verification = {
  ...{ credential: 'openai', version: 2, state: 'verified', drift: null, why: 'a test', since: 1, lookedAt: 1 },
  ...{ verifiedAt: 1, healTriedAt: null, healedAt: null, healedBy: null, trouble: null, memory: nothingKnown },
};

/** A credential with a history: an adopted version that a rotation has replaced. */
async function rotated(): Promise<{ old: string; current: string }> {
  const [old, current] = [randomValue(), randomValue()];
  await bench.store.adopt(adopted({ key: old }));
  const next = await bench.candidate({ key: current });
  await bench.store.prove(next, { kind: 'accepted', outcome: 'proved', detail: 'it was' });
  await bench.store.promote(next);
  await bench.store.keepVerification(null, verified);
  await bench.store.keepProfile('openai', { seen: '1.18.1' });
  await bench.store.setCadence('openai', { anchor: 1, basis: 'every 90 days', why: 'a test' }, 'ada');
  await bench.store.addNotices(['email'], [{ ...notice, credential: 'openai' }]);
  await bench.store.close(next, 'retired', null);
  return { old, current };
}

describe('A renamed credential', () => {
  it('takes everything along, and opens its values under the new name only', async () => {
    const { old, current } = await rotated();
    const before = await bench.store.versions('openai');
    const [rotation] = await bench.store.rotations('openai');

    await rename();

    expect(await bench.store.credentials()).toEqual([{ ...openai, name: 'llm' }]);
    expect(await bench.store.versions()).toEqual(before.map((version) => ({ ...version, credential: 'llm' })));
    expect(await bench.store.unseal({ credential: 'llm', number: 1 })).toEqual({ key: old });
    expect(await bench.store.unseal({ credential: 'llm', number: 2 })).toEqual({ key: current });
    expect(await bench.store.evidence({ credential: 'llm', number: 2 })).toHaveLength(1);
    expect(await bench.store.rotations()).toEqual([{ ...rotation, credential: 'llm' }]);
    expect(await bench.store.cadence('llm')).toMatchObject({ anchor: 1 });
    expect(await bench.store.cadence('openai')).toBeNull();
    expect(await bench.store.verification('llm')).toEqual({ ...verified, credential: 'llm' });
    expect(await bench.store.profile('llm')).toMatchObject({ seen: '1.18.1' });
    expect(await bench.store.profile('openai')).toMatchObject({ seen: null });
    await expect(bench.store.read({ credential: 'openai', number: 1 })).rejects.toThrow('has no version 1');
    expect(await bench.store.identify(current)).toMatchObject([{ credential: 'llm', number: 2 }]);
  });

  it('keeps what it claimed', async () => {
    await rotated();
    await rename();

    const other = { ...openai, name: 'other' };
    await expect(bench.store.claim(other, claims)).rejects.toThrow('belongs to the credential llm');
  });

  it('has the labels of what was made under its old name', async () => {
    await rotated();
    const before = await bench.store.intents('openai');

    await rename();

    expect(await bench.store.intents('llm')).toEqual(before.map((intent) => ({ ...intent, credential: 'llm' })));
    expect(before[0]?.label).toMatch(/-openai-v2-/);
  });

  it('gets new labels under its new name, and rising numbers and fences', async () => {
    await rotated();
    await rename();

    const { next } = await bench.store.open({ ...openai, name: 'llm' }, claims, request, writer);

    expect(next).toEqual({ credential: 'llm', number: 3, fence: 2 });
    expect((await bench.store.intend(next)).label).toMatch(/-llm-v3-/);
  });

  it('is told to nobody twice', async () => {
    await rotated();
    await rename();

    await bench.store.addNotices(['email'], [{ ...notice, id: 'llm/1/over', credential: 'llm' }]);

    expect(await bench.store.takeNotice('email')).toMatchObject({ notice: { id: 'llm/1/over', credential: 'llm' } });
    expect(await bench.store.takeNotice('email')).toBeNull();
  });

  it('has the ledger of its old name, which is as it was and goes on', async () => {
    await rotated();
    const before = await bench.store.ledger({ credential: 'openai' });

    await rename();

    const ledger = await bench.store.ledger({ credential: 'llm' });
    expect(ledger.slice(0, before.length)).toEqual(before);
    expect(ledger.slice(before.length)).toMatchObject([
      { event: 'renamed', credential: 'openai', actor: 'ada', detail: expect.stringContaining('llm') as string },
      { event: 'renamed', credential: 'llm', actor: 'ada', detail: expect.stringContaining('openai') as string },
    ]);
    expect(await bench.store.verifyLedger()).toMatchObject({ brokenAt: null, statesFit: true });
  });

  it('leaves its old name to nobody else, and may have it back', async () => {
    await rotated();
    await rename();

    const again = adopted({ key: randomValue() }, { claims: [] });
    await expect(bench.store.adopt(again)).rejects.toThrow('openai is an earlier name of llm');
    await rename('llm', 'openai');

    expect(await bench.store.names()).toEqual([
      { name: 'openai', credential: 'openai', after: 0 },
      { name: 'llm', credential: 'openai', after: 0 },
    ]);
  });

  it('is not renamed to a name that is taken', async () => {
    await rotated();
    await bench.store.adopt(adopted({ key: randomValue() }, { credential: { ...openai, name: 'azure' }, claims: [] }));
    await expect(rename('openai', 'azure')).rejects.toThrow('already has a credential azure');
    await rename('azure', 'ocr');

    await expect(rename('openai', 'azure')).rejects.toThrow('azure is an earlier name of ocr');
  });

  it('is not renamed while its value was changed by something else', async () => {
    await rotated();
    bench.edit(`update versions set provider_id = 'victim' where number = 2`);

    await expect(rename()).rejects.toThrow('cannot be unsealed');
    expect(await bench.store.credentials()).toEqual([openai]);
  });
});

describe('A forgotten credential', () => {
  const forget = (...alive: number[]) => bench.store.forget('openai', alive, 'ada');

  it('is forgotten with everything but the ledger, which says what may be live', async () => {
    await rotated();
    const before = await bench.store.ledger();

    await forget(1, 2);

    expect(await bench.store.versions()).toEqual([]);
    expect(await bench.store.rotations()).toEqual([]);
    expect(await bench.store.credentials()).toEqual([]);
    expect(await bench.store.cadence('openai')).toBeNull();
    expect(await bench.store.verification('openai')).toBeNull();
    expect(await bench.store.profile('openai')).toMatchObject({ seen: null });
    expect(await bench.store.takeNotice('email')).toBeNull();
    const ledger = await bench.store.ledger();
    expect(ledger.slice(0, before.length)).toEqual(before);
    expect(ledger.slice(before.length)).toMatchObject([
      {
        event: 'forgotten',
        actor: 'ada',
        detail: expect.stringMatching(/version 1 .*version 2 \(service_account/) as string,
      },
    ]);
    expect(await bench.store.verifyLedger()).toMatchObject({ brokenAt: null, statesFit: true });
  });

  it('is not forgotten while a version may be live that nobody agreed to lose', async () => {
    await rotated();

    await expect(forget(2)).rejects.toThrow(/still accept version 1 /);
    expect((await bench.store.mayBeAlive('openai')).map(({ number }) => number)).toEqual([1, 2]);
    expect(await bench.store.versions()).toHaveLength(2);
  });

  it('frees what it claimed', async () => {
    await rotated();
    await forget(1, 2);

    await bench.store.claim({ ...openai, name: 'other' }, claims);
  });

  it('leaves its numbers, fences and labels to nobody who gets its name', async () => {
    await rotated();
    await rename();
    await bench.store.forget('llm', [1, 2], 'ada');

    for (const name of ['openai', 'llm']) {
      const ref = await bench.store.adopt(
        adopted({ key: randomValue() }, { credential: { ...openai, name }, claims: [] }),
      );
      expect(ref.number).toBe(3);
      expect((await bench.store.preview(name)).fence).toBe(2);
    }
    expect(await bench.store.names()).toEqual([
      { name: 'llm', credential: 'llm', after: 2 },
      { name: 'openai', credential: 'openai', after: 2 },
    ]);
  });
});

describe('What is open', () => {
  const both = [() => rename(), () => bench.store.forget('openai', [1, 2], 'ada')];

  it('stands against both: a rotation', async () => {
    await bench.candidate();

    for (const attempt of both) await expect(attempt()).rejects.toThrow('A rotation of openai is open');
  });

  it('stands against both: an emergency that nobody has dealt with', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));
    await bench.store.ask({ credential: 'openai', actor: 'ada', reason: 'it leaked', versions: null });

    for (const attempt of both) await expect(attempt()).rejects.toThrow('An emergency of openai is open');
  });

  it('stands against both: a scheduled rotation that was let through', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));
    await bench.store.reserve('openai', []);

    for (const attempt of both) await expect(attempt()).rejects.toThrow('about to begin');
    bench.clock += 61_000;
    await rename();
  });

  it('is nothing for a credential that is not there', async () => {
    for (const attempt of both) await expect(attempt()).rejects.toThrow('The store has no credential openai');
  });
});
