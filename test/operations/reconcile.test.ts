import { labelOf } from '../../src/store/intents.js';
import { until } from '../support/temporal.js';
import { type Fixture, startFixture } from './reconcile-fixture.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
  await fixture.start();
  await fixture.ended(await fixture.rotate());
});
afterAll(() => fixture.close());
beforeEach(() => {
  fixture.before = () => undefined;
  fixture.openai.faults.clear();
});

const store = () => fixture.rehearsal().session.store;
const current = async () => (await store().versions('openai')).find(({ state }) => state === 'current')!;
const oneWorks = () => expect(fixture.scenario.working()).toEqual([fixture.scenario.engineHolds()]);
const probes = () => fixture.openai.requests.filter(({ path }) => path === '/v1/models').length;

/** Stops a rotation in front of a step and kills its workflow there, as an operator of Temporal can. The step goes on when it is let. */
async function killedBefore(step: string): Promise<Readonly<Record<'letGo' | 'neverGo', () => void>>> {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  fixture.before = (activity) => {
    if (activity !== step) return undefined;
    reached.resolve();
    return released.promise;
  };
  const handle = await fixture.rotate();
  await reached.promise;
  await handle.terminate('by the test');
  fixture.before = () => undefined;
  return { letGo: released.resolve, neverGo: () => released.reject(new Error('its worker died')) };
}

it('finds nothing after a rotation, and changes nothing', async () => {
  const before = fixture.scenario.engineHolds();

  const { differences, reconciled } = await fixture.reconcile();

  expect(differences).toEqual([]);
  expect(reconciled).toBe(true);
  expect(fixture.scenario.engineHolds()).toBe(before);
  oneWorks();
});

describe('A setting that was changed by hand', () => {
  let theirs: string;

  beforeAll(() => {
    theirs = fixture.openai.createUserKey('by hand').value;
    fixture.docuelevate.editSetting('openai_api_key', theirs, 'somebody');
  });

  it('is noticed by the next rotation, which goes no further by itself', async () => {
    const report = await fixture.ended(await fixture.rotate());

    expect(report).toMatchObject({ outcome: 'rolled-back', orphans: [] });
    expect(report.why).toContain(
      'The engine still holds what we last wrote: openai_api_key was last changed by somebody',
    );
    expect(fixture.scenario.engineHolds()).toBe(theirs);
  });

  it('is shown, and left alone without consent', async () => {
    const { number } = await current();

    const { differences, repaired } = await fixture.reconcile(false);

    expect(differences).toMatchObject([
      {
        what: 'openai_api_key does not hold the version that is current in the store',
        store: `version ${number} is current`,
        engine: expect.stringContaining('by somebody') as string,
        repair: { kind: 'write-again', version: number },
      },
      { what: expect.stringContaining("is not Keyturn's") as string, repair: null },
    ]);
    expect(repaired).toEqual([]);
    expect(fixture.scenario.engineHolds()).toBe(theirs);
  });

  it("is put back with consent; the person's key is listed, and never touched", async () => {
    const { number } = await current();
    const [value] = Object.values(await store().unseal({ credential: 'openai', number }));

    const { repaired, remaining } = await fixture.reconcile();

    expect(repaired).toEqual([`Write version ${number} into the engine again, after a proof that it is accepted`]);
    expect(remaining).toMatchObject([{ what: expect.stringContaining("is not Keyturn's") as string, repair: null }]);
    expect(fixture.scenario.engineHolds()).toBe(value);
    expect(fixture.openai.works(theirs)).toBe(true);
    const entries = (await store().ledger({ credential: 'openai' })).filter(({ title }) =>
      title?.startsWith('Reconcile:'),
    );
    expect(entries).toMatchObject([
      { event: 'started', actor: 'ada' },
      { event: 'succeeded', actor: 'ada' },
    ]);
    expect(await fixture.ended(await fixture.rotate())).toMatchObject({ outcome: 'retired' });
  });

  afterAll(() => fixture.openai.killKey(fixture.openai.keys().find(({ value }) => value === theirs)!.id));
});

describe('A key that was deleted by hand', () => {
  it('is not put back into the engine, is recorded as ended with consent, and is asked with only once', async () => {
    const { number } = await current();
    const before = fixture.scenario.engineHolds();
    fixture.openai.killKey(fixture.openai.keys().find(({ value }) => value === before)!.id);

    await fixture.reconcile(false);
    const asked = probes();
    const { differences, repaired } = await fixture.reconcile();

    expect(probes()).toBe(asked);
    expect(differences).toMatchObject([{ store: 'current', provider: 'refused', repair: { kind: 'record-end' } }]);
    expect(repaired).toEqual([`Record in the store that version ${number} has ended`]);
    expect(await store().read({ credential: 'openai', number })).toMatchObject({
      state: 'retired',
      endProof: 'proved',
    });
    expect(await fixture.ended(await fixture.rotate())).toMatchObject({ outcome: 'retired' });
    oneWorks();
  });
});

describe('A rotation whose workflow is gone', () => {
  it('is closed with consent, what it made is discarded, and a step that is late writes nothing', async () => {
    const before = fixture.scenario.engineHolds();
    const { letGo } = await killedBefore('docuelevate.writeSettings');
    expect(fixture.scenario.working()).toHaveLength(2);

    const { differences, repaired, remaining } = await fixture.reconcile();

    expect(differences[0]).toMatchObject({
      what: 'A rotation is open in the store, and its workflow is gone',
      temporal: 'its run is terminated',
      repair: { kind: 'close-rotation' },
    });
    const { number } = await current();
    expect(repaired).toEqual([
      'Close the rotation in the store as abandoned; its orphans stay listed',
      `Discard version ${number + 1}`,
    ]);
    expect(remaining).toEqual([]);
    const [rotation] = (await store().rotations('openai')).filter(({ outcome }) => outcome === 'abandoned');
    expect(rotation?.why).toContain('ada closed it: its run is terminated');
    letGo();
    await until(async () => (await store().ledger({ limit: 3 })).find(({ detail }) => detail?.startsWith('Fence')));
    expect(fixture.scenario.engineHolds()).toBe(before);
    oneWorks();
  });

  it('is closed although the engine holds what it wrote, which is taken back first', async () => {
    const before = fixture.scenario.engineHolds();
    (await killedBefore('versions.promote')).neverGo();
    expect(fixture.scenario.engineHolds()).not.toBe(before);

    const { remaining } = await fixture.reconcile();

    expect(remaining).toEqual([]);
    expect(fixture.scenario.engineHolds()).toBe(before);
    oneWorks();
  });

  it('has its old value retired when the new one was in force already', async () => {
    const { number } = await current();
    (await killedBefore('openai.remove')).neverGo();
    expect(fixture.scenario.working()).toHaveLength(2);

    const { repaired, remaining } = await fixture.reconcile();

    expect(repaired).toContain(`Retire version ${number}, after fresh proof`);
    expect(await store().read({ credential: 'openai', number })).toMatchObject({
      state: 'retired',
      endProof: 'proved',
    });
    expect(remaining).toEqual([]);
    oneWorks();
  });

  it('leaves an attempt of unknown outcome, which is found by its label and deleted', async () => {
    const path = '/v1/organization/projects/{project}/service_accounts';
    fixture.openai.faults.add({ method: 'POST', path, kind: 'reset-after', times: Infinity });
    const handle = await fixture.rotate();
    await until(async () => (fixture.scenario.working().length > 1 ? true : null));
    await handle.terminate('by the test');
    fixture.openai.faults.clear();

    const { remaining } = await fixture.reconcile();

    expect(remaining.filter(({ repair }) => repair !== null)).toEqual([]);
    oneWorks();
  });
});

describe('What the account holds besides', () => {
  it('is deleted only with our exact label', async () => {
    const { installation } = store();
    const nonce = 'ab12cd34ef56';
    const label = labelOf(installation, { credential: 'openai', version: 77, nonce });
    const ours = fixture.openai.createServiceAccount(label);
    const others = [
      labelOf(installation, { credential: 'another', version: 77, nonce }),
      label.replace(installation.slice(0, 8), '00000000'),
      `${label} copy`,
      'somebody',
    ].map((name) => fixture.openai.createServiceAccount(name));

    const { repaired, remaining } = await fixture.reconcile();

    expect(repaired).toEqual([`Delete service_account/${ours.id}, after fresh proof of the current version`]);
    expect(remaining.map(({ provider }) => provider)).toEqual(others.map(({ id }) => `service_account/${id}`));
    expect(fixture.openai.works(ours.keys[0]!.value)).toBe(false);
    for (const { keys } of others) expect(fixture.openai.works(keys[0]!.value)).toBe(true);
  });

  it('is left alone while somebody uses it', async () => {
    const { installation } = store();
    const label = labelOf(installation, { credential: 'openai', version: 78, nonce: '0123456789ab' });
    const [key] = fixture.openai.createServiceAccount(label).keys;
    const used = await fetch(`${fixture.openai.baseUrl}/models`, {
      headers: { authorization: `Bearer ${key!.value}` },
    });

    const { failed, repaired } = await fixture.reconcile();

    expect(used.status).toBe(200);
    expect(repaired).toEqual([]);
    expect(failed).toMatchObject([{ why: expect.stringContaining('no fresh proof of: idle') as string }]);
    expect(fixture.openai.works(key!.value)).toBe(true);
  });
});
