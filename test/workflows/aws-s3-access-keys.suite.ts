import { rotationId } from '../../src/domain/temporal-names.js';
import type { WorkflowHandle } from '@temporalio/client';
import type { Decision, Progress } from '../../src/domain/rotation.js';
import type { AwsLab } from '../../src/lab/aws/server.js';
import { fastClock } from '../../src/lab/clock.js';
import { startConsumer } from '../../src/lab/consumer.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { startAwsS3AccessKeys } from '../../src/lab/scenarios/aws-s3-access-keys.js';
import { emergencyRevoke, progress } from '../../workflows/rotation/messages.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';
import { until } from '../support/temporal.js';
import { decided } from '../support/decided.js';

let scenario: Scenario;
let rehearsal: TestRehearsal;
let aws: AwsLab;

beforeAll(async () => {
  scenario = await startAwsS3AccessKeys({ clock: fastClock(1000) });
  aws = scenario.systems['aws'] as AwsLab;
  rehearsal = await rehearse(scenario);
  expect(await rehearsal.report(await rehearsal.begin())).toMatchObject({ outcome: 'retired' }); // so that nothing is merely adopted any more
});
afterAll(() => rehearsal.stop());
afterEach(() => scenario.systems['docuelevate']?.faults.clear());

const dayMs = 24 * 3_600_000;
const look = (handle: WorkflowHandle): Promise<Progress> => handle.query(progress);
const listed = () => aws.keys().filter(({ deleted }) => !deleted);
const say = (handle: WorkflowHandle, decision: Decision): Promise<unknown> =>
  decided(rehearsal.session.store, handle, { actor: 'test', decision, reason: 'the test says so' });

/** A rotation that has switched the old key off and waits the guide's 24 hours. */
async function switchedOff(): Promise<WorkflowHandle> {
  await rehearsal.begin({ pauseMs: dayMs });
  const handle = rehearsal.client.workflow.getHandle(
    rotationId(rehearsal.session.store.installation, scenario.credential),
  ); // its newest run
  await until(async () => (await look(handle)).waiting?.why === 'Keep the old access key inactive');
  expect(listed().map(({ active }) => active)).toEqual([false, true]);
  return handle;
}

it('keeps the old key switched off for 24 hours, verifies again, and only then deletes it', async () => {
  const handle = await switchedOff();
  expect((await look(handle)).waiting).toMatchObject({
    impact: `none: documents use version 3`,
    live: [expect.stringContaining('it can be enabled again') as string, 'version 3: in force'],
  });

  await rehearsal.hasten(handle, null);

  expect(await rehearsal.report(handle)).toMatchObject({ outcome: 'retired', oldCredential: 'refused', orphans: [] });
  const titles = (await look(handle)).steps.filter(({ phase }) => phase === 'retire').map(({ title }) => title);
  expect(titles.filter((title) => title === 'A test document is uploaded to S3 with it')).toHaveLength(2);
  expect(listed()).toMatchObject([{ active: true }]);
});

it('switches the old key on again before anything is put back, when it is rolled back in those 24 hours', async () => {
  const before = scenario.engineHolds();
  const handle = await switchedOff();

  await say(handle, 'roll-back');

  expect(await rehearsal.report(handle)).toMatchObject({ outcome: 'rolled-back', orphans: [] });
  expect([scenario.engineHolds(), ...scenario.working()]).toEqual([before, before]);
  expect(listed()).toHaveLength(1);
});

it('deletes the key that is switched off first in an emergency in those 24 hours: a third one is refused', async () => {
  const handle = await switchedOff();
  const before = listed().map(({ id }) => id);
  const session = aws.issueSession();

  await handle.signal(emergencyRevoke, { actor: 'test', reason: 'it leaked' });

  expect(await rehearsal.report(handle)).toMatchObject({ outcome: 'replaced', oldCredential: 'refused', orphans: [] });
  expect(listed()).toMatchObject([{ active: true, works: true }]);
  expect(before).not.toContain(listed()[0]?.id);
  expect(aws.deniedBefore).toBeGreaterThan(session.issuedAt);
});

it('lets uses fail between the two writes and at no other time, and says for how long', async () => {
  const already = scenario.gaps?.().length ?? 0;
  const consumer = startConsumer(() => scenario.consume(), 5, scenario.gaps);
  scenario.systems['docuelevate']?.faults.add({
    ...{ method: 'POST', path: '/api/settings/aws_secret_access_key', kind: { slowMs: 120 } },
  });

  expect(await rehearsal.report(await rehearsal.begin())).toMatchObject({ outcome: 'retired' });
  await consumer.stop();

  const [gap, ...others] = scenario.gaps?.().slice(already) ?? [];
  expect(others).toEqual([]);
  expect((gap?.to ?? 0) - (gap?.from ?? 0)).toBeGreaterThanOrEqual(119);
  expect(consumer.failedInGap).toBeGreaterThan(0);
  expect(consumer.failed).toBe(0);
});

it('asks about a key that somebody has put into the second place, leaves it alone, and goes on when there is room', async () => {
  const theirs = aws.createByHand();
  const handle = await rehearsal.begin({ giveUpAfterMs: 60_000 });

  const why = await until(async () => {
    const { waiting } = await look(handle);
    return waiting?.for === 'operator' && waiting.why;
  });
  expect(why).toContain(`${theirs.id} (not created by Keyturn; active`);
  expect(listed().map(({ id }) => id)).toContain(theirs.id);
  aws.deleteByHand(theirs.id);
  await say(handle, 'retry');

  expect(await rehearsal.report(handle)).toMatchObject({ outcome: 'retired', orphans: [] });
});
