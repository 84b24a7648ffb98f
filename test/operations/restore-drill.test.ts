import { join } from 'node:path';
import { backUp } from '../../src/operations/records/backup.js';
import { restore } from '../../src/operations/records/restore.js';
import { until } from '../support/temporal.js';
import { type Fixture, startFixture } from './reconcile-fixture.js';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await startFixture();
  await fixture.start();
});
afterEach(() => fixture.close());

const folder = () => join(fixture.playground.dir, 'backup');

async function backUpNow(): Promise<void> {
  await backUp(fixture.rehearsal().session, { folder: folder(), actor: 'ada' });
}

/** Yesterday's store, today's Temporal, provider and engine. */
async function restoreYesterday(): Promise<void> {
  await fixture.stop();
  const options = { file: fixture.playground.file, folder: folder(), replace: true, confirm: async () => true };
  await restore({ ...options, actor: 'ada' });
  await fixture.start();
}

const truth = () => ({ working: fixture.scenario.working(), engine: fixture.scenario.engineHolds() });
const whats = (differences: readonly { what: string }[]) => differences.map(({ what }) => what);

describe("Yesterday's store under today's Temporal and provider", () => {
  it('rotates, deletes and overwrites nothing until it was reconciled, and then one value works', async () => {
    await backUpNow();
    expect(await fixture.ended(await fixture.rotate())).toMatchObject({ outcome: 'retired' });
    const today = truth();
    await restoreYesterday();
    const { store } = fixture.rehearsal().session;

    expect(await fixture.ended(await fixture.rotate())).toMatchObject({
      outcome: 'failed',
      why: expect.stringContaining('keyturn reconcile') as string,
    });
    expect(truth()).toEqual(today);

    const shown = await fixture.reconcile(false);
    expect(whats(shown.differences)).toEqual([
      'Version 1 does not work any more',
      'openai_api_key does not hold the version that is current in the store',
      expect.stringContaining("has Keyturn's label, but is no version of the store"),
    ]);
    expect(shown).toMatchObject({ repaired: [], reconciled: false });
    expect(await fixture.ended(await fixture.rotate())).toMatchObject({
      outcome: 'failed',
      why: expect.stringContaining('keyturn reconcile') as string,
    });
    expect(truth()).toEqual(today);

    const repaired = await fixture.reconcile();
    expect(repaired.repaired).toEqual(['Record in the store that version 1 has ended']);
    expect(repaired.reconciled).toBe(true);
    expect(await store.versions()).toMatchObject([{ number: 1, state: 'retired', endProof: 'proved' }]);
    expect(truth()).toEqual(today);

    expect(await fixture.ended(await fixture.rotate())).toMatchObject({ outcome: 'retired' });
    expect(fixture.scenario.engineHolds()).not.toBe(today.engine);
    const last = await fixture.reconcile();
    expect(last.repaired).toEqual([expect.stringMatching(/^Delete service_account\//)]);
    expect(last.remaining).toEqual([]);
    expect(fixture.scenario.working()).toEqual([fixture.scenario.engineHolds()]);
    expect((await store.verifyLedger()).brokenAt).toBeNull();
  });

  it('gives a rotation that began after the backup no way to write, and lets it be ended', async () => {
    await backUpNow();
    const handle = await fixture.rotate(40 * 60_000);
    await until(async () => (await fixture.progress(handle)).waiting?.for === 'grace');
    const today = truth();
    await restoreYesterday();

    const { differences } = await fixture.reconcile(false);
    expect(whats(differences)).toContain('A workflow rotates it, but the store does not know that rotation');

    const late = fixture.rehearsal().client.workflow.getHandle(handle.workflowId);
    await fixture.hasten(late, null);
    expect(await late.result()).toMatchObject({ outcome: 'failed' });
    expect(truth()).toEqual(today);

    const { reconciled, repaired } = await fixture.reconcile();
    expect(repaired).toEqual([
      'Write version 1 into the engine again, after a proof that it is accepted',
      expect.stringMatching(/^Delete service_account\//), // only then, with version 1 proved to be in force
    ]);
    expect(fixture.scenario.working()).toEqual([fixture.scenario.engineHolds()]);
    expect(reconciled).toBe(true);
    expect(await fixture.ended(await fixture.rotate())).toMatchObject({ outcome: 'retired' });
    expect(fixture.scenario.working()).toEqual([fixture.scenario.engineHolds()]);
  });
});
