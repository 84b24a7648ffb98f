import { rotationId, scheduleId } from '../../src/domain/temporal-names.js';
import { Client } from '@temporalio/client';
import { fastClock } from '../../src/lab/clock.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { startOpenAiApiKey } from '../../src/lab/scenarios/openai-api-key.js';
import {
  listSchedules,
  pauseSchedule,
  resumeSchedule,
  triggerSchedule,
} from '../../src/operations/schedules/schedule-control.js';
import {
  applySchedules,
  describe as describeSchedule,
  planSchedules,
} from '../../src/operations/schedules/schedules.js';
import type { Check } from '../../src/operations/setup/check.js';
import { scheduleCheck } from '../../src/operations/setup/check-temporal.js';
import { isRunning } from '../../src/operations/session/orphaned-rotations.js';
import { inputOf } from '../../workers/compose.js';
import { startRotation } from '../../src/operations/rotate/start-rotation.js';
import { cronOf, nextSlot } from '../../src/schedules/cron.js';
import { weekdays } from '../../src/schedules/window.js';
import { termsOf } from '../../src/schedules/terms.js';
import { statusOf } from '../../src/operations/rotate/status.js';
import { keepSchedules } from '../../src/operations/service/watch.js';
import type { LedgerRow } from '../../src/store/records.js';
import { emergencyRevoke } from '../../workflows/rotation/messages.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';
import { until } from '../support/temporal.js';

let scenario: Scenario;
let rehearsal: TestRehearsal;
const everyMs = 2000;

beforeAll(async () => {
  const stack = await startOpenAiApiKey({ clock: fastClock(1000) });
  const schedule = { every: '2 seconds', reason: 'the test is in a hurry' };
  const credentials = { openai: { ...stack.config.credentials['openai'], schedule } };
  scenario = { ...stack, config: { ...stack.config, credentials } };
  rehearsal = await rehearse(scenario);
  expect(await rehearsal.report(await rehearsal.begin())).toMatchObject({ outcome: 'retired' });
});
afterAll(() => rehearsal.stop());

const order = { credential: 'openai', actor: 'ada', reason: 'a test' };
const plan = () => planSchedules(rehearsal.session, rehearsal.client);
const apply = () => applySchedules(rehearsal.session, rehearsal.client, 'ada');
const pause = () => pauseSchedule(rehearsal.session, rehearsal.client, order);
const resume = (client = rehearsal.client) => resumeSchedule(rehearsal.session, client, order);
const ourId = () => scheduleId(rehearsal.session.store.installation, 'openai');
const status = async () => (await statusOf(rehearsal.session, rehearsal.client))[0]!;

async function scheduled() {
  const all = await rehearsal.session.store.rotations('openai');
  return all.filter(({ request }) => request.trigger === 'schedule').reverse();
}

async function entry(event: string, text: string): Promise<LedgerRow> {
  const { store } = rehearsal.session;
  return until(async () =>
    (await store.ledger({ credential: 'openai' })).find((row) => row.event === event && row.detail?.includes(text)),
  );
}

/** Resolves when nothing runs any more of what the schedule has started. */
async function quiet(): Promise<void> {
  const { client } = rehearsal;
  await until(async () => (await describeSchedule(client, ourId()))?.info.runningActions.length === 0);
  await until(async () => !(await isRunning(client, rotationId(rehearsal.session.store.installation, 'openai'))));
}

it('shows what it would make and makes nothing, until it is applied', async () => {
  const [planned] = await plan();

  expect(planned).toMatchObject({ credential: 'openai', change: 'create', schedule: { basis: 'every 2 seconds' } });
  expect(await listSchedules(rehearsal.session, rehearsal.client)).toEqual([]);
  expect(await status()).toMatchObject({ scheduled: false });
});

it('rotates an interval later, not at once, and again and again', async () => {
  const appliedAt = Date.now();
  const [applied] = await apply();

  const [first, second] = await until(async () => {
    const found = await scheduled();
    return found.length >= 2 && found;
  });

  expect(first!.openedAt).toBeGreaterThanOrEqual(applied!.schedule!.dueAt);
  expect(first!.openedAt).toBeGreaterThan(appliedAt + everyMs - 1000); // counted from a rotation less than a second ago, or announced
  expect(second!.openedAt - first!.openedAt).toBeGreaterThan(everyMs / 2);
  expect(first!.request).toMatchObject({ actor: 'schedule', reason: 'due by its schedule, every 2 seconds' });
  expect(await plan()).toMatchObject([{ change: 'keep' }]);
});

it('leaves out what is due while the predecessor is in its grace, and says so', async () => {
  await pause();
  await quiet();
  const input = inputOf('openai', { actor: 'test', trigger: 'manual', reason: 'a test' });
  const { handle } = await startRotation(rehearsal.session, rehearsal.client, { ...input, graceMs: 3_000_000 });
  const inGrace = await until(async () => {
    const seen = await status();
    return seen.inGraceUntil !== null && seen;
  });
  await resume();

  const skipped = await entry('skipped', 'by test'); // a slow one of the schedule's own may have been left out before

  expect(skipped).toMatchObject({ credential: 'openai', actor: 'schedule' });
  expect(skipped.detail).toContain('still in grace');
  expect(inGrace).toMatchObject({ scheduled: true, overdue: false, waitingFor: null });
  expect(inGrace.inGraceUntil).toBeGreaterThan(Date.now() + 2_000_000);
  await pause();
  await rehearsal.hasten(handle, null);
  await handle.result();
});

it('starts nothing while it is paused, and stays paused when it is applied again', async () => {
  await apply();

  expect(await listSchedules(rehearsal.session, rehearsal.client)).toMatchObject([
    { credential: 'openai', paused: true, note: 'ada: a test', missed: 0 },
  ]);
  expect(await entry('paused', 'a test')).toMatchObject({ actor: 'ada' });
});

it('takes a credential for due when a person says so, in their name', async () => {
  const workflowId = await triggerSchedule(rehearsal.session, rehearsal.client, order);

  expect(await rehearsal.client.workflow.getHandle(workflowId).result()).toEqual({ outcome: 'begun' });
  const last = await until(async () => {
    const [newest] = await rehearsal.session.store.rotations('openai');
    return newest?.request.actor === 'ada' && newest.outcome !== null && newest;
  });
  expect(last).toMatchObject({ request: { trigger: 'schedule', reason: 'a test' }, outcome: 'retired' });
});

it('is not shifted by a manual rotation, unless that asks for it', async () => {
  const { session, client } = rehearsal;
  const before = await session.store.cadence('openai');
  await rehearsal.report(await rehearsal.begin());
  const [kept] = await plan();
  const request = { actor: 'ada', trigger: 'manual', reason: 'a test', resetsCadence: true } as const;
  const input = inputOf('openai', request);
  const { handle } = await startRotation(session, client, input);
  const { version } = await handle.result();
  const [moved] = await plan();

  expect(kept).toMatchObject({ change: 'keep', schedule: { cadence: before } });
  expect(moved).toMatchObject({
    change: 'update',
    schedule: { cadence: { why: `ada asked for it with the rotation to version ${version}` } },
  });
  const { promotedAt } = await session.store.read({ credential: 'openai', number: version });
  expect(moved!.schedule!.cadence.anchor).toBe(promotedAt);
});

it('is counted anew from an emergency', async () => {
  const { session, client } = rehearsal;
  const input = inputOf('openai', { actor: 'ada', trigger: 'emergency', reason: 'it leaked' });
  const { handle } = await startRotation(session, client, input);
  await handle.signal(emergencyRevoke, { actor: 'ada', reason: 'it leaked' });
  const { outcome, version } = await handle.result();

  const [applied] = await apply();

  expect(outcome).toBe('replaced');
  expect(applied?.schedule?.cadence.why).toBe(`reset by the emergency rotation to version ${version}`);
  expect(await entry('scheduled', `emergency rotation to version ${version}`)).toMatchObject({ actor: 'ada' });
  const described = await describeSchedule(client, ourId());
  expect(described?.spec.startAt?.getTime()).toBe(applied?.schedule?.cadence && applied.schedule.dueAt);
});

const whenever = { credential: 'x', basis: 'by the calendar', window: null, share: 0, jitterMs: 0 } as const;

it.each([
  ['*/30 2-3 * * *', 'Europe/Berlin', '2027-03-26'], // over the night that leaves an hour out
  ['0 9 1 */3 *', 'America/New_York', '2026-12-01'],
  ['0 9 1 */3 *', 'Africa/Casablanca', '2026-12-01'], // changed its clock for good: older zone data say otherwise
  ['30 2 * * *', 'Europe/Berlin', '2027-10-29'], // over the night that shows an hour twice
  ['5-59/20 6 * * 7,1-2', 'UTC', '2026-12-01'],
])('is due when Temporal takes it to be: %s in %s', async (text, timezone, from) => {
  const cadence = { kind: 'cron', cron: cronOf(text, timezone), text } as const;
  const anchor = Date.parse(from);
  const { spec } = termsOf({ ...whenever, cadence }, anchor, anchor);
  const action = { type: 'startWorkflow', workflowType: 'x', taskQueue: 'x', workflowId: 'x' } as const;
  const handle = await rehearsal.client.schedule.create({ scheduleId: `cron ${text} ${timezone}`, spec, action });
  const ours: number[] = [];
  for (let at = Number(spec.startAt) - 1; ours.length < 10; ours.push(at)) at = nextSlot(cadence.cron, at)!;

  const { info } = await handle.describe();

  expect(info.nextActionTimes.map((time) => time.toISOString())).toEqual(ours.map((at) => new Date(at).toISOString()));
});

it('renews by itself what runs by the calendar, also what an earlier Keyturn made with a time zone', async () => {
  const { session, client } = rehearsal;
  const schedule = {
    cron: '0 9 1 */3 *',
    window: { days: [...weekdays], hours: { from: 0, to: 24 }, timezone: 'Africa/Casablanca' },
  };
  const credentials = { openai: { ...session.config.credentials['openai']!, schedule } };
  const calendar = { ...session, config: { ...session.config, credentials } };
  const [applied] = await applySchedules(calendar, client, 'ada');
  const made = await planSchedules(calendar, client);
  const spec = { cronExpressions: [schedule.cron], timezone: schedule.window.timezone };
  await client.schedule.getHandle(ourId()).update((previous) => ({ ...previous, spec }));

  await keepSchedules(calendar, client, { all: true, asked: new Set() });

  const described = await describeSchedule(client, ourId());
  expect(made).toMatchObject([{ change: 'keep' }]);
  expect(await planSchedules(calendar, client)).toMatchObject([{ change: 'keep' }]);
  expect(described?.spec.timezone).toBe('');
  expect(described?.info.nextActionTimes[0]?.getTime()).toBe(applied!.schedule!.dueAt);
  await apply();
});

describe('a schedule that was paused for a long time', () => {
  const trouble = 'Its schedule is gone from Temporal: keyturn schedules apply';

  /** Temporal, as it is with a schedule that was paused for longer than its namespace keeps things: unpaused, it is gone. */
  function forgetful(): Client {
    const { connection, options } = rehearsal.client;
    const client = new Client({ connection, namespace: options.namespace });
    const service = client.workflowService;
    const patchSchedule = async (request: Parameters<typeof service.patchSchedule>[0]) => {
      const { namespace, scheduleId } = request;
      if (request.patch?.unpause) await service.deleteSchedule({ namespace: namespace!, scheduleId: scheduleId! });
      return request.patch?.unpause ? {} : service.patchSchedule(request);
    };
    const forgets = new Proxy(service, {
      get: (target, name) => (name === 'patchSchedule' ? patchSchedule : Reflect.get(target, name)) as unknown,
    });
    Object.defineProperty(client.schedule, 'workflowService', { get: () => forgets });
    return client;
  }

  async function checks(): Promise<Check[]> {
    const found: Check[] = [];
    for await (const each of scheduleCheck(rehearsal.session, rehearsal.client, 'openai')) found.push(each);
    return found;
  }

  it('is there when it is resumed, and not paused', async () => {
    await pause();

    expect(await resume(forgetful())).toEqual({ madeAgain: false });

    expect((await describeSchedule(rehearsal.client, ourId()))?.state).toMatchObject({
      paused: false,
      note: 'ada: a test',
    });
  });

  it('is missed when it is gone, and made again, paused as it was', async () => {
    await pause();
    await rehearsal.client.schedule.getHandle(ourId()).delete();
    const before = await status();
    const checked = await checks();

    await apply();

    expect(before.trouble).toContain(trouble);
    expect(checked).toMatchObject([{ ok: false, next: 'Create it again: keyturn schedules apply' }]);
    expect(await checks()).toMatchObject([{ ok: true, warning: true, detail: 'paused, ada: a test' }]);
    expect((await status()).trouble).not.toContain(trouble);
    expect((await describeSchedule(rehearsal.client, ourId()))?.state).toMatchObject({
      paused: true,
      note: 'ada: a test',
    });
  });

  it('is made again by whoever resumes it', async () => {
    await rehearsal.client.schedule.getHandle(ourId()).delete();

    expect(await resume()).toEqual({ madeAgain: true });

    expect((await describeSchedule(rehearsal.client, ourId()))?.state.paused).toBe(false);
  });
});

it('repairs what somebody changed in Temporal, and touches nobody else’s schedules', async () => {
  const { client, session } = rehearsal;
  const action = { type: 'startWorkflow', workflowType: 'x', taskQueue: 'x', workflowId: 'x' } as const;
  const others = [
    'somebody-else',
    'keyturn/another-installation/openai',
    `keyturn/${session.store.installation}/lookalike`,
  ];
  for (const scheduleId of others)
    await client.schedule.create({ scheduleId, spec: { intervals: [{ every: '90 days' }] }, action });
  await client.schedule
    .getHandle(ourId())
    .update((previous) => ({ ...previous, spec: { intervals: [{ every: '1 minute' }] } }));

  const [repaired, ...more] = await apply();

  expect(repaired).toMatchObject({ change: 'update' });
  expect(more).toEqual([]);
  expect((await describeSchedule(client, ourId()))?.spec.intervals).toMatchObject([{ every: everyMs }]);
  for (const id of others) expect(await describeSchedule(client, id)).not.toBeNull();
});

it('deletes the schedule of a credential that is no longer configured', async () => {
  const { session, client } = rehearsal;
  const without = { ...session, config: { ...session.config, credentials: {} } };
  await until(async () => (await planSchedules(without, client)).length > 0); // a list in Temporal is behind for a moment

  expect(await applySchedules(without, client, 'ada')).toMatchObject([{ credential: 'openai', change: 'delete' }]);

  expect(await describeSchedule(client, ourId())).toBeNull();
  expect(await session.store.cadence('openai')).toBeNull();
});
