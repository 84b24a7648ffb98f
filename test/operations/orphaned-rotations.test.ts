import { rotationId } from '../../src/domain/temporal-names.js';
import { findOrphanedRotations } from '../../src/operations/session/orphaned-rotations.js';
import { inLaterRun, until } from '../support/temporal.js';
import { type Fixture, startFixture } from './reconcile-fixture.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
  await fixture.start();
});
afterAll(() => fixture.close());

async function orphans() {
  const { session, client } = fixture.rehearsal();
  return findOrphanedRotations(session, client);
}

async function inGrace(graceMs: number) {
  const handle = await fixture.rotate(graceMs);
  await until(
    async () => (await fixture.progress(fixture.rehearsal().client.workflow.getHandle(handle.workflowId))).waiting,
  );
  return handle;
}

it('finds none while rotations are alive, in a later run as well', async () => {
  expect(await orphans()).toEqual([]);
  const handle = await inGrace(48 * 3_600_000);
  const latest = fixture.rehearsal().client.workflow.getHandle(handle.workflowId);
  await inLaterRun(latest, fixture.rehearsal().session.store, 'openai');

  expect(await orphans()).toEqual([]);

  await fixture.hasten(latest, null);
  await latest.result();
  expect(await orphans()).toEqual([]);
});

it('finds one that was reset: it runs, but not as the run that may write', async () => {
  const handle = await inGrace(40 * 60_000);
  const { client } = fixture.rehearsal();
  const { runId, workflowId } = await handle.describe();
  const { events } = await handle.fetchHistory();
  const first = events?.find(({ workflowTaskCompletedEventAttributes: completed }) => completed)?.eventId;
  await client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId, runId },
    workflowTaskFinishEventId: first ?? null,
    reason: 'by the test',
    requestId: 'reset',
  });

  const [orphan, ...more] = await orphans();

  expect(more).toEqual([]);
  expect(orphan?.temporal).toMatch(/^its run is terminated/);
  expect(orphan?.rotation).toMatchObject({ credential: 'openai', runId });
  await client.workflow
    .getHandle(workflowId)
    .terminate('by the test')
    .catch(() => undefined);
});

it('finds one that Temporal has lost', async () => {
  const { session } = fixture.rehearsal();
  await fixture.reconcile();
  const writer = {
    workflowId: rotationId(session.store.installation, 'openai'),
    runId: '00000000-0000-4000-8000-000000000000',
  };
  const [row] = await session.store.credentials();
  await session.store.open(row!, [], { actor: 'test', trigger: 'manual', reason: 'a test' }, writer);

  expect(await orphans()).toMatchObject([{ temporal: 'Temporal does not know its run' }]);

  await fixture.reconcile();
  expect(await orphans()).toEqual([]);
});
