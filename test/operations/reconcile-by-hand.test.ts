import { ApplicationFailure } from '@temporalio/common';
import type { Task } from '../../src/domain/task.js';
import type { NextcloudLab } from '../../src/lab/nextcloud/server.js';
import { openTasks } from '../../src/lab/people.js';
import { startByHand } from '../../src/lab/scenarios/by-hand.js';
import { startByHandSingle } from '../../src/lab/scenarios/by-hand-single.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { sendEmergency } from '../../src/operations/emergency/emergency-send.js';
import { reconcile } from '../../src/operations/reconcile/reconcile.js';
import { answerRotation } from '../../src/operations/rotate/steer.js';
import { progress } from '../../workflows/rotation/messages.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';
import { until } from '../support/temporal.js';

let scenario: Scenario;
let rehearsal: TestRehearsal;
afterEach(() => rehearsal.stop());

/** A rotation that somebody gives up when the old value is about to end: version 1 stays retiring. */
async function giveUpAtTheEnd(started: Scenario, step: string): Promise<void> {
  scenario = started;
  rehearsal = await rehearse(scenario, (activities) => ({
    ...activities,
    async [step](...args) {
      const { number } = args[0] as unknown as { number: number };
      if (number === 1) throw ApplicationFailure.nonRetryable('not today', 'NeedsDecision');
      return activities[step]?.(...args);
    },
  }));
  const handle = await rehearsal.begin();
  await until(async () => (await handle.query(progress)).waiting?.why.includes('not today'));
  const answer = { actor: 'ada', decision: 'abandon', reason: 'later' } as const;
  await answerRotation(rehearsal.session, rehearsal.client, { credential: scenario.credential, ...answer });
  expect(await rehearsal.report(handle)).toMatchObject({ outcome: 'abandoned' });
}

const reconciled = () => {
  const { session, client } = rehearsal;
  return reconcile({ session, client, credential: scenario.credential, actor: 'ada' }, async () => true);
};
const stateOf = async (number: number) =>
  (await rehearsal.session.store.versions(scenario.credential)).find((version) => version.number === number)?.state;

function withoutProbe(started: Scenario): Scenario {
  const { config, credential } = started;
  const entry = config.credentials[credential] as { readonly provider: object };
  const provider = { ...entry.provider, probe: undefined };
  return { ...started, config: { ...config, credentials: { [credential]: { ...entry, provider } } } };
}

it('has a person revoke what a probe accepts, and records the end as soon as it is refused', async () => {
  await giveUpAtTheEnd(await startByHand(), 'by-hand.askToRevoke');

  const before = await reconciled();
  expect(before).toMatchObject({ repaired: [], failed: [] });
  expect(before.remaining).toMatchObject([
    {
      ...{ what: 'Version 1 is an orphan', provider: 'accepted', repair: null },
      next: expect.stringContaining('revoke it at Nextcloud. Then: keyturn reconcile nextcloud') as string,
    },
  ]);

  (scenario.systems['by-hand'] as NextcloudLab).kill(scenario.adopted['value'] ?? '');
  expect(await reconciled()).toMatchObject({
    repaired: ['Record in the store that version 1 has ended'],
    remaining: [],
  });
  expect(await stateOf(1)).toBe('retired');
});

it('names the command that asks a person, where nothing else can see whether a value is accepted', async () => {
  await giveUpAtTheEnd(withoutProbe(await startByHand()), 'by-hand.askToRevoke');

  const { repaired, failed, remaining } = await reconciled();

  expect([repaired, failed]).toEqual([[], []]);
  expect(remaining).toMatchObject([
    {
      ...{ provider: 'only a person can see what there is at Nextcloud', repair: null },
      next: expect.stringContaining('keyturn emergency nextcloud --version 1 --reason') as string,
    },
  ]);
});

it('is right about that command: it asks to revoke that version alone, and the end is on record', async () => {
  await giveUpAtTheEnd(withoutProbe(await startByHand()), 'by-hand.askToRevoke');
  const { session, client } = rehearsal;
  const { credential } = scenario;

  const asked = { credential, actor: 'ada', reason: 'left over', versions: [1] };
  await sendEmergency(session, client, await session.store.ask(asked));

  await until(async () => (await stateOf(1)) === 'retired');
  expect(await stateOf(2)).toBe('current');
  expect(scenario.working()).toEqual([scenario.engineHolds()]);
  const after = await until(async () => {
    const found = await reconciled();
    return !found.rotating && found;
  });
  expect(after.remaining).toEqual([]);
});

it('records that the only value ended with the next one', async () => {
  await giveUpAtTheEnd(await startByHandSingle({ probed: false }), 'versions.recordEnd');

  expect(await reconciled()).toMatchObject({
    repaired: ['Record that version 1 ended when version 2 took its place at The file server'],
    ...{ failed: [], remaining: [] },
  });
  expect(await stateOf(1)).toBe('retired');
});

it('says that a new value ends one that somebody may have set', async () => {
  scenario = await startByHandSingle({ probed: false });
  delete (scenario as { people?: unknown }).people; // nobody says that it is done
  rehearsal = await rehearse(scenario);
  const handle = await rehearsal.begin();
  const task = await until(async (): Promise<Task | undefined> => (await openTasks(rehearsal.session))[0]);
  await rehearsal.session.store.handOverTask(task.id, 'maria');
  const answer = { actor: 'ada', decision: 'abandon', reason: 'later' } as const;
  await until(async () => (await handle.query(progress)).waiting?.task === task.id);
  await answerRotation(rehearsal.session, rehearsal.client, { credential: scenario.credential, ...answer });
  await rehearsal.report(handle);

  expect((await reconciled()).remaining).toMatchObject([
    {
      ...{ what: 'Version 2 is an orphan', repair: null },
      next: expect.stringContaining('A new value ends it: keyturn rotate webdav') as string,
    },
  ]);
});
