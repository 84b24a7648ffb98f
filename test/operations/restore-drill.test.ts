import { join } from 'node:path';
import { backUp } from '../../src/operations/backup.js';
import { restore } from '../../src/operations/restore.js';
import { until } from '../support/temporal.js';
import { type Stage, startStage } from './reconcile-stage.js';

let stage: Stage;
beforeEach(async () => {
  stage = await startStage();
  await stage.start();
});
afterEach(() => stage.close());

const folder = () => join(stage.playground.dir, 'backup');

async function backUpNow(): Promise<void> {
  await backUp(stage.rehearsal().session, { folder: folder(), actor: 'ada' });
}

/** Yesterday's store, today's Temporal, provider and engine. */
async function restoreYesterday(): Promise<void> {
  await stage.stop();
  const options = { file: stage.playground.file, folder: folder(), replace: true, confirm: async () => true };
  await restore({ ...options, actor: 'ada' });
  await stage.start();
}

const truth = () => ({ working: stage.scenario.working(), engine: stage.scenario.engineHolds() });
const whats = (differences: readonly { what: string }[]) => differences.map(({ what }) => what);

describe("Yesterday's store under today's Temporal and provider", () => {
  it('rotates, deletes and overwrites nothing until it was reconciled, and then one value works', async () => {
    await backUpNow();
    expect(await stage.ended(await stage.rotate())).toMatchObject({ outcome: 'retired' });
    const today = truth();
    await restoreYesterday();
    const { store } = stage.rehearsal().session;

    expect(await stage.ended(await stage.rotate())).toMatchObject({
      outcome: 'failed',
      why: expect.stringContaining('keyturn reconcile') as string,
    });
    expect(truth()).toEqual(today);

    const shown = await stage.reconcile(false);
    expect(whats(shown.differences)).toEqual([
      'Version 1 does not work any more',
      'openai_api_key does not hold what is current in the store',
      expect.stringContaining('carries our label and is no version of the store'),
    ]);
    expect(shown).toMatchObject({ repaired: [], reconciled: false });
    expect(await stage.ended(await stage.rotate())).toMatchObject({
      outcome: 'failed',
      why: expect.stringContaining('keyturn reconcile') as string,
    });
    expect(truth()).toEqual(today);

    const repaired = await stage.reconcile();
    expect(repaired.repaired).toEqual(['Record in the store that version 1 has ended']);
    expect(repaired.reconciled).toBe(true);
    expect(await store.versions()).toMatchObject([{ number: 1, state: 'retired', shown: 'proved' }]);
    expect(truth()).toEqual(today);

    expect(await stage.ended(await stage.rotate())).toMatchObject({ outcome: 'retired' });
    expect(stage.scenario.engineHolds()).not.toBe(today.engine);
    const last = await stage.reconcile();
    expect(last.repaired).toEqual([expect.stringMatching(/^Delete service_account\//)]);
    expect(last.remaining).toEqual([]);
    expect(stage.scenario.working()).toEqual([stage.scenario.engineHolds()]);
    expect((await store.verifyLedger()).brokenAt).toBeNull();
  });

  it('gives a rotation that began after the backup no way to write, and lets it be ended', async () => {
    await backUpNow();
    const handle = await stage.rotate(40 * 60_000);
    await until(async () => (await stage.progress(handle)).waiting?.for === 'grace');
    const today = truth();
    await restoreYesterday();

    const { differences } = await stage.reconcile(false);
    expect(whats(differences)).toContain('A workflow rotates it, and the store does not know');

    const late = stage.rehearsal().client.workflow.getHandle(handle.workflowId);
    await stage.hasten(late, null);
    expect(await late.result()).toMatchObject({ outcome: 'failed' });
    expect(truth()).toEqual(today);

    const { reconciled, repaired } = await stage.reconcile();
    expect(repaired).toEqual([
      'Write version 1 into the engine again, after a proof that it is accepted',
      expect.stringMatching(/^Delete service_account\//), // only then, with version 1 proved to be in force
    ]);
    expect(stage.scenario.working()).toEqual([stage.scenario.engineHolds()]);
    expect(reconciled).toBe(true);
    expect(await stage.ended(await stage.rotate())).toMatchObject({ outcome: 'retired' });
    expect(stage.scenario.working()).toEqual([stage.scenario.engineHolds()]);
  });
});
