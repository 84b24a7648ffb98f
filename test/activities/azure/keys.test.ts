import { endpoints } from '../../../activities/azure/requests.js';
import type { VersionRef } from '../../../src/domain/version.js';
import type { FaultKind } from '../../../src/lab/faults.js';
import { type Bench, failureOf, startBench } from '../bench.js';
import { type AzureFixture, startAzureFixture } from './fixture.js';

let bench: Bench;
let fixture: AzureFixture;
let current: VersionRef;
let next: VersionRef;

beforeEach(async () => {
  bench = await startBench();
  fixture = await startAzureFixture(bench);
  const rotation = await bench.rotate();
  [current, next] = [rotation.current!, rotation.next];
});
afterEach(async () => {
  await fixture.lab.stop();
  await bench.close();
});

const create = (version = next): Promise<void> => bench.attempt(() => fixture.azure.createKey(version));
const regenerate = (version: VersionRef, waitedMs = 0): Promise<void> =>
  bench.attempt(() => fixture.azure.regenerateKey(version), { waitedMs });
const isFree = (version = next) => bench.attempt(() => fixture.azure.otherIsFree(version));
const parts = (version: VersionRef) => bench.store.unseal(version);
const outcomes = async (): Promise<string[]> =>
  (await bench.store.intents(bench.credential)).map(({ outcome }) => outcome);
const regenerations = (): number => fixture.lab.keys().length - 2;

function trouble(kind: FaultKind): void {
  fixture.lab.faults.add({ ...endpoints.regenerateKey, kind });
}

/** An attempt that left a record and no trace at Azure, so many seconds ago. */
async function lostBefore(seconds: number, version = next): Promise<void> {
  bench.clockOffsetMs = -seconds * 1000;
  await bench.store.intend(version);
  bench.clockOffsetMs = 0;
}

/** The way of a rotation up to the point where the old key may go. */
async function replaced(): Promise<void> {
  await bench.attempt(() => fixture.azure.acceptsKey(current));
  await create();
  await bench.promote(next);
}

describe('The slot that is regenerated', () => {
  it('is the one that is not in use, also when the guide’s "Key 2" is in use', async () => {
    await replaced();
    await regenerate(current);
    const inUse = fixture.lab.inSlot('Key2');
    const rotation = await bench.rotate();

    await create(rotation.next);

    expect((await bench.store.read(next)).providerId).toBe('Key2');
    expect((await bench.store.read(rotation.next)).providerId).toBe('Key1');
    expect(fixture.lab.inSlot('Key2')).toBe(inUse);
    expect(fixture.lab.works(inUse)).toBe(true);
  });

  it('is Key1 from the first when the adopted value is Key2', async () => {
    await bench.store.close(next, 'failed', 'the test adopts another value');
    const other = await startBench();
    const second = await startAzureFixture(other);
    try {
      await other.store.withdraw(second.adopted);
      const adopted = await other.adopt({ key: second.lab.inSlot('Key2') });
      await other.attempt(() => second.azure.identifyKey(adopted));
      const rotation = await other.rotate();

      await other.attempt(() => second.azure.createKey(rotation.next));

      expect((await other.store.read(rotation.next)).providerId).toBe('Key1');
      expect(second.lab.works((await other.store.unseal(adopted))['key']!)).toBe(true);
    } finally {
      await second.lab.stop();
      await other.close();
    }
  });

  it('is none while the kept value is neither key: somebody has regenerated the one in use', async () => {
    fixture.lab.regenerateByHand('Key1');

    const failures = [await failureOf(create()), await failureOf(isFree())];

    for (const failure of failures) expect(failure).toMatchObject({ type: 'NeedsDecision' });
    expect(regenerations()).toBe(1);
  });

  it('is none before the adoption, when nobody knows which key is in use', async () => {
    await bench.store.close(next, 'failed', 'the test starts again');
    const fresh = await startBench();
    const rotation = await fresh.rotate();
    const empty = await startBenchless(fresh);

    expect(await failureOf(fresh.attempt(() => empty.createKey(rotation.next)))).toMatchObject({
      type: 'NeedsDecision',
    });
    expect(regenerations()).toBe(0);
    await fresh.close();
  });
});

/** The same account, for a store that knows nothing of it. */
async function startBenchless({ store }: Bench) {
  const { createAzureActivities } = await import('../../../activities/azure/activities.js');
  const { app, ...rest } = fixture.account;
  const { url } = fixture.lab;
  const connection = { ...rest, login: url, management: url, clientId: app.clientId };
  return createAzureActivities({
    store,
    account: async () => ({ ...connection, clientSecret: async () => app.secret }),
  });
}

describe('The key that is not in use', () => {
  it('is free by the operator’s word at first, and then because we made it and gave it to nobody', async () => {
    expect(await isFree()).toMatchObject({ kind: 'sole-user', outcome: 'proved', detail: /operator said/ as never });
    await replaced();
    await regenerate(current);
    const { next: third } = await bench.rotate();

    expect((await isFree(third)).detail).toContain('Keyturn made Key1');
    expect(await parts(next)).toMatchObject({ spare: fixture.lab.inSlot('Key1') });
  });

  it('is not free when somebody has regenerated it since, and then is left alone until a person says so', async () => {
    fixture.lab.regenerateByHand('Key2');
    const theirs = fixture.lab.inSlot('Key2');

    const finding = await isFree();
    const refused = await failureOf(create());
    await bench.prove(next, 'sole-user', 'not-observable');
    const kept = fixture.lab.inSlot('Key2') === theirs;
    await create();

    expect(finding).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining('somebody else has regenerated') as string,
    });
    expect(refused).toMatchObject({ type: 'NeedsDecision' });
    expect(kept).toBe(true);
    expect(fixture.lab.works(theirs)).toBe(false);
  });

  it('is not free while it is a version that was replaced and never retired', async () => {
    await replaced();
    const { next: third } = await bench.rotate();

    expect(await isFree(third)).toMatchObject({
      outcome: 'failed',
      detail: 'Key1 is version 1 of openai, which is retiring',
    });
    expect(await failureOf(create(third))).toMatchObject({ type: 'NeedsDecision' });
    expect(fixture.lab.works((await parts(current))['key']!)).toBe(true);
  });
});

describe('An unknown outcome', () => {
  it('is read and not repeated: what a lost attempt made is the new key', async () => {
    trouble('reset-after');
    await failureOf(create());
    const made = fixture.lab.inSlot('Key2');

    await create();

    expect(regenerations()).toBe(1);
    expect(await parts(next)).toEqual({ key: made });
    expect(await outcomes()).toEqual(['kept']);
  });

  it('is waited for while the attempt may still be under way, and then the rotation goes back: it may arrive late', async () => {
    await lostBefore(5);
    const early = await failureOf(create());
    bench.clockOffsetMs = 0;
    await bench.store.move(next, 'discarding');
    const { next: later } = await bench.rotate();
    await lostBefore(20, later);
    await bench.store.settle((await bench.store.intents(bench.credential))[0]!, 'nothing-made');
    const late = await failureOf(create(later));

    expect(early).toMatchObject({ type: 'Propagating', nonRetryable: false });
    expect(late).toMatchObject({ type: 'Rejected', nonRetryable: true });
    expect(late.message).toContain('may still arrive');
    expect(regenerations()).toBe(0);
  });

  it('of an earlier rotation holds up the next one for a minute, and then no longer', async () => {
    await lostBefore(30);
    const { next: soon } = await bench.rotate();
    const held = await failureOf(create(soon));
    const [lost] = await bench.store.intents(bench.credential);
    await bench.store.settle(lost!, 'nothing-made');
    await lostBefore(61, soon);
    const { next: later } = await bench.rotate();
    await create(later);

    expect(held).toMatchObject({ type: 'Propagating' });
    expect(await outcomes()).toEqual(['nothing-made', 'nothing-made', 'kept']);
  });

  it('that came true after its rotation had ended is known as ours, so the key is free', async () => {
    await lostBefore(61);
    fixture.lab.regenerateByHand('Key2'); // the late request of that attempt
    const { next: later } = await bench.rotate();

    const finding = await isFree(later);
    await create(later);

    expect(finding).toMatchObject({
      outcome: 'proved',
      detail: 'an interrupted attempt of Keyturn made Key2, which was given to nobody',
    });
    expect(await outcomes()).toEqual(['deleted', 'kept']);
  });

  it.each([500, 503])(
    'is looked at once Azure has answered %i, so that the next attempt may begin at once',
    async (status) => {
      trouble({ status });
      await failureOf(create());

      await create();

      expect(await outcomes()).toEqual(['nothing-made', 'kept']);
      expect(regenerations()).toBe(1);
    },
  );

  it('of a regeneration that ends a key is read as well, and the new value of the slot is kept', async () => {
    await replaced();
    trouble('reset-after');
    await failureOf(regenerate(current));

    await regenerate(current, 1000);

    expect(regenerations()).toBe(2);
    expect(await parts(next)).toMatchObject({ spare: fixture.lab.inSlot('Key1') });
  });
});

describe('Ending a key', () => {
  it('needs fresh proof of its successor', async () => {
    await replaced();
    await bench.prove(next, 'document', 'failed');

    expect(await failureOf(regenerate(current))).toMatchObject({ type: 'StaleProof' });
    expect(fixture.lab.works((await parts(current))['key']!)).toBe(true);
  });

  it('is not believed when Azure answers and the key is the same', async () => {
    await replaced();
    const [key1, key2] = [fixture.lab.inSlot('Key1'), fixture.lab.inSlot('Key2')];
    trouble({ status: 200, body: JSON.stringify({ key1, key2 }) });

    expect(await failureOf(regenerate(current))).toMatchObject({ type: 'Rejected' });
  });

  it('takes nothing from whoever regenerated it by hand before us', async () => {
    await replaced();
    fixture.lab.regenerateByHand('Key1');

    await regenerate(current);

    expect(regenerations()).toBe(2);
    expect(await parts(next)).not.toHaveProperty('spare');
  });

  it('of a rolled back rotation leaves a new spare beside the key in force', async () => {
    await create();
    await bench.store.move(next, 'discarding');

    await regenerate(next);

    expect(fixture.lab.works((await parts(next))['key']!)).toBe(false);
    expect(await parts(current)).toMatchObject({ spare: fixture.lab.inSlot('Key2') });
  });

  it('of an attempt that kept nothing takes note of what it may have made', async () => {
    trouble('reset-after');
    await failureOf(create());
    await bench.store.move(next, 'discarding');

    await regenerate(next);

    expect(await parts(current)).toMatchObject({ spare: fixture.lab.inSlot('Key2') });
    expect(await outcomes()).toEqual(['deleted']);
    expect(regenerations()).toBe(1);
  });
});

describe('Where nothing sound is in force', () => {
  it('the next key takes the slot that a compromised one does not have', async () => {
    await replaced();
    await regenerate(current);
    const { next: third } = await bench.rotate();
    await bench.store.note({ ...next, fence: third.fence }, { compromised: true });

    const finding = await isFree(third);
    await create(third);

    expect(finding).toMatchObject({ outcome: 'proved', detail: 'no uncompromised version is in force' });
    expect(await bench.store.read(third)).toMatchObject({ providerId: 'Key1' });
    expect(fixture.lab.works((await parts(next))['key']!)).toBe(true);
  });
});

describe('Containment', () => {
  it('that was frozen on its way to a slot may still come, so the new key is made in the other one', async () => {
    const entry = { event: 'started', credential: bench.credential, activity: 'azure.regenerateSlot', activityId: '7' };
    const attempts = [
      { ...entry, title: 'Regenerate Key2', attempt: 1 },
      { ...entry, title: 'Regenerate Key2', attempt: 1, event: 'succeeded' },
      { ...entry, title: 'Regenerate Key1', attempt: 2 },
    ];
    for (const attempt of attempts) await bench.store.record(attempt);
    for (const version of [current, next]) await bench.store.note(version, { compromised: true });

    await create();

    expect(await bench.store.read(next)).toMatchObject({ providerId: 'Key2' });
  });

  const regenerateSlot = (slot: 'Key1' | 'Key2', version: VersionRef) =>
    bench.attempt(() => fixture.azure.regenerateSlot({ version, slot }));

  it('leaves a slot alone as long as a version lives that is not compromised', async () => {
    expect(await failureOf(regenerateSlot('Key1', next))).toMatchObject({ type: 'StaleProof' });
    expect(regenerations()).toBe(0);
  });

  it('regenerates both, and the key made afterwards is not in the slot that an interrupted attempt may still hit', async () => {
    for (const version of [current, next]) await bench.store.note(version, { compromised: true });
    for (const slot of ['Key1', 'Key2'] as const) await regenerateSlot(slot, next);
    await bench.store.intend(next);

    await create();

    expect(regenerations()).toBe(3);
    expect(await bench.store.read(next)).toMatchObject({ providerId: 'Key2' });
    expect(await parts(next)).toEqual({ key: fixture.lab.inSlot('Key2'), spare: fixture.lab.inSlot('Key1') });
  });
});
