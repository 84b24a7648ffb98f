import { rotationId } from '../../../src/domain/temporal-names.js';
import { type Applicant, createSchedulesActivities } from '../../../activities/schedules/activities.js';
import type { ScheduleVerdict } from '../../../src/domain/schedule.js';
import { beginsAt, dueAfter, type SchedulePlan } from '../../../src/schedules/plan.js';
import type { Group } from '../../../src/store/records.js';
import { adopted, type Bench, claims, openai, writer, randomValue, request, startBench } from '../../store/fixtures.js';

const day = 86_400_000;
const names = ['openai', 'azure', 'paperless'];
let bench: Bench;
let plan: SchedulePlan;
let isScheduled: boolean;
let groups: Group[];

beforeEach(async () => {
  bench = await startBench();
  isScheduled = true;
  plan = {
    ...{ credential: 'openai', basis: 'every 90 days', share: 0.5, jitterMs: 0, window: null },
    cadence: { kind: 'every', everyMs: 90 * day, staggerMs: 0 },
  };
  groups = [{ credentials: names, limit: 1 }];
  bench.clock = Date.UTC(2026, 7, 1);
  for (const name of names) await bench.store.adopt(adoptedAs(name));
  for (const name of names)
    await bench.store.setCadence(name, { anchor: bench.clock, basis: plan.basis, why: 'a test' }, 'ada');
});
afterEach(() => bench.close());

const adoptedAs = (name: string) =>
  adopted({ key: randomValue() }, { credential: { ...openai, name }, claims: [`${claims[0]}/${name}`] });
const due = () => dueAfter(plan, Date.UTC(2026, 7, 1), 0);

function ask(applicant: Partial<Applicant> = {}): Promise<ScheduleVerdict> {
  const beginning = (request: object) => ({ request }) as never;
  const activities = createSchedulesActivities({
    store: bench.store,
    configured: (name) => (names.includes(name) ? { plan: isScheduled ? plan : null, groups, beginning } : null),
  });
  bench.clock = applicant.now ?? due();
  return activities.mayBegin({ credential: 'openai', now: due(), ...applicant });
}

it('lets begin what is due', async () => {
  expect(await ask()).toEqual({
    verdict: 'begin',
    begin: {
      request: { actor: 'schedule', trigger: 'schedule', reason: 'due by its schedule, every 90 days' },
      workflowId: rotationId(bench.store.installation, 'openai'),
      input: { wish: expect.any(String) as string },
    },
  });
});

it('begins nothing twice for one time it was due', async () => {
  const next = await bench.candidate();
  bench.clock = due() + 1000;
  await bench.store.promote(next);
  await bench.store.close(next, 'retired', null);

  expect(await ask({ now: due() + 2000 })).toMatchObject({
    verdict: 'skip',
    why: containing('not due before 2027-01-28'),
  });
});

it('does it all the same when a rotation of before the time was rolled back or was merely early', async () => {
  bench.clock = due() - day;
  const next = await bench.candidate();
  await bench.store.promote(next);
  await bench.store.close(next, 'retired', null);

  expect(await ask()).toMatchObject({ verdict: 'begin' });
});

it('takes what a person asks for as due, in their name', async () => {
  const asked = { actor: 'ada', reason: 'the last run was rolled back' };

  expect(await ask({ now: due() - 80 * day, asked })).toMatchObject({
    begin: { request: { ...asked, trigger: 'schedule' } },
  });
});

it('begins what has no schedule only when a person asks', async () => {
  isScheduled = false;
  const asked = { actor: 'ada', reason: 'somebody revoked it' };

  expect(await ask({ asked })).toMatchObject({ begin: { request: { ...asked, trigger: 'schedule' } } });
  expect(await ask()).toEqual({
    verdict: 'skip',
    why: 'it has no schedule any more: run keyturn schedules apply',
  });
});

it('waits for the window, and within it for its own share of the time', async () => {
  plan = {
    ...plan,
    window: { days: ['sun'], hours: { from: 2, to: 4 }, timezone: 'Europe/Berlin', skip: ['2026-11-01'] },
  };

  const opens = Date.parse('2026-11-08T03:00+01:00'); // due on Friday, 2026-10-30

  expect(await ask()).toEqual({ verdict: 'wait', until: opens, why: 'until its window opens' });
  expect(await ask({ now: opens })).toMatchObject({ verdict: 'begin' });
  expect(await ask({ now: opens + day })).toMatchObject({ verdict: 'wait', until: beginsAt(plan, opens + day) });
});

it('is one of so many at a time, and counts those that have not opened yet', async () => {
  await ask();

  expect(await ask({ credential: 'azure' })).toMatchObject({ verdict: 'wait', why: 'for its turn after openai' });

  await bench.store.open(openai, claims, request, writer);
  expect(await ask({ credential: 'azure', now: due() + day })).toMatchObject({ why: 'for its turn after openai' });
});

it('comes to its turn when the one before it is in its grace, or never opened', async () => {
  const next = await bench.candidate();
  await bench.store.promote(next);
  expect(await ask({ credential: 'azure' })).toMatchObject({ verdict: 'begin' });

  expect(await ask({ credential: 'paperless', now: due() + 61_000 })).toMatchObject({ verdict: 'begin' });
});

it('has limits by provider and by engine, and the narrower one counts', async () => {
  groups = [
    { credentials: ['openai', 'azure'], limit: 2 },
    { credentials: ['openai', 'azure', 'paperless'], limit: 1 },
  ];
  await ask({ credential: 'paperless' });

  expect(await ask()).toMatchObject({ verdict: 'wait', why: 'for its turn after paperless' });
});

it('leaves out what is in its grace, in progress, not adopted, not configured or not reconciled, and says which', async () => {
  const next = await bench.candidate();
  expect(await ask()).toMatchObject({ verdict: 'skip', why: containing('the previous rotation is still open') });
  await bench.store.promote(next);
  expect(await ask()).toMatchObject({ verdict: 'skip', why: containing('the previous rotation is still in grace') });
  expect(await ask({ credential: 'former' })).toMatchObject({
    verdict: 'skip',
    why: containing('no longer in the configuration'),
  });
  bench.edit('delete from versions where credential = ?', 'azure');
  expect(await ask({ credential: 'azure' })).toMatchObject({ verdict: 'skip', why: containing('keyturn adopt azure') });
  bench.edit('update installation set restored_at = 1');
  expect(await ask({ credential: 'paperless' })).toMatchObject({ why: containing('keyturn reconcile paperless') });
});

function containing(text: string): unknown {
  return expect.stringContaining(text);
}
