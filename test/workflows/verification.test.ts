import { lookId, taskQueueOf, verificationId } from '../../src/domain/temporal-names.js';
import { ApplicationFailure } from '@temporalio/common';
import type { Seen } from '../../activities/verification/look.js';
import { fastClock } from '../../src/lab/clock.js';
import type { DocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { startOpenAiApiKey } from '../../src/lab/scenarios/openai-api-key.js';
import { planSchedules } from '../../src/operations/schedules/schedules.js';
import { applyVerification } from '../../src/operations/schedules/verification-schedules.js';
import { composeSystems } from '../../workers/compose.js';
import type { Activities } from '../../workers/registered.js';
import type { VerificationReport } from '../../workflows/verification.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';
import { until } from '../support/temporal.js';

const rate = 1000; // an hour of the simulated systems, and of whoever looks at them, is 3.6 seconds
let rehearsal: TestRehearsal;
let engine: DocuElevateLab;
let lookAt: (credential: string) => Promise<Seen>;
let unreachable = false;

/** Looks by a fast clock, so that waits are as short as the simulated systems' own. */
function hurried(activities: Activities): Activities {
  return {
    ...activities,
    'verification.lookAt': async (credential: string) => {
      if (unreachable) throw ApplicationFailure.nonRetryable('the engine cannot be reached', 'Unavailable');
      const seen = await lookAt(credential);
      return { ...seen, againMs: seen.againMs === null ? null : seen.againMs / rate };
    },
  };
}

beforeAll(async () => {
  const clock = fastClock(rate);
  const scenario = await startOpenAiApiKey({ clock, credentialChecks: true });
  engine = scenario.systems['docuelevate'] as DocuElevateLab;
  rehearsal = await rehearse(scenario, hurried);
  const { config, store } = rehearsal.session;
  lookAt = composeSystems(config, store, clock).verification.lookAt;
  expect(await rehearsal.report(await rehearsal.begin())).toMatchObject({ outcome: 'retired' });
});
afterAll(() => rehearsal.stop());

const known = () => rehearsal.session.store.verification('openai');
let runs = 0;
const run = (): Promise<VerificationReport> =>
  rehearsal.client.workflow.execute('verifyInForce', {
    workflowId: `${lookId(rehearsal.session.store.installation, 'docs')}/${(runs += 1)}`,
    taskQueue: taskQueueOf(rehearsal.session.store.installation),
    args: [{ engine: 'docs', withinMs: 3_600_000 }],
  });

it('finds by itself that what was proved is in force', async () => {
  expect(await until(async () => (await run())['openai'] === 'verified')).toBe(true);

  expect(await known()).toMatchObject({ version: 2, state: 'verified', trouble: null });
});

it('heals an engine that was started with an emptied Redis, and looks whether that helped, in one run', async () => {
  engine.emptyRedis();
  engine.restartWorker();

  await until(async () => {
    await run();
    return (await known())?.healedBy === 'keyturn';
  });

  expect(await known()).toMatchObject({ state: 'verified', healTriedAt: null });
  const entries = await rehearsal.session.store.ledger({ credential: 'openai' });
  const reloads = entries.filter(({ title }) => title?.includes('make the engine reload'));
  expect(reloads.map(({ event, actor }) => `${event} by ${actor}`)).toEqual([
    'started by verification',
    'succeeded by verification',
  ]);
  expect((await rehearsal.session.store.rotations('openai')).every(({ closedAt }) => closedAt !== null)).toBe(true);
});

it('keeps why nothing could be seen, beside what was known', async () => {
  unreachable = true;
  const report = await run();
  unreachable = false;

  expect(report).toEqual({ openai: 'the engine cannot be reached' });
  expect(await known()).toMatchObject({ state: 'verified', trouble: 'the engine cannot be reached' });
});

it('is begun by a schedule of its own, which stands beside those of rotations', async () => {
  const { session, client } = rehearsal;
  const id = verificationId(session.store.installation, 'docs');
  const before = (await known())!.lookedAt;

  expect(await applyVerification(session, client)).toEqual([
    { engine: 'docs', change: 'create', basis: 'every 1 hour' },
  ]);
  expect(await applyVerification(session, client)).toMatchObject([{ change: 'keep' }]);
  await client.schedule.getHandle(id).trigger();

  await until(async () => (await known())!.lookedAt > before);
  expect((await planSchedules(session, client)).map(({ credential }) => credential)).toEqual(['openai']);
});

it('follows the configuration, and ends where that switches it off', async () => {
  const { session, client } = rehearsal;
  const configured = (every: '30 minutes' | '0 seconds') => ({
    ...session,
    config: { ...session.config, verification: { every } },
  });

  expect(await applyVerification(configured('30 minutes'), client)).toMatchObject([{ change: 'update' }]);
  const switchedOff = await until(async () => {
    const changes = await applyVerification(configured('0 seconds'), client); // a list in Temporal is behind for a moment
    return changes.length > 0 && changes;
  });

  expect(switchedOff).toMatchObject([{ engine: 'docs', change: 'delete' }]);
});
