import { rotationId } from '../../src/domain/temporal-names.js';
import { findOrphanedRotations } from '../../src/operations/orphaned-rotations.js';
import { inLaterRun, until } from '../support/temporal.js';
import { type Stage, startStage } from './reconcile-stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
  await stage.start();
});
afterAll(() => stage.close());

async function orphans() {
  const { session, client } = stage.rehearsal();
  return findOrphanedRotations(session, client);
}

async function inGrace(graceMs: number) {
  const handle = await stage.rotate(graceMs);
  await until(
    async () => (await stage.progress(stage.rehearsal().client.workflow.getHandle(handle.workflowId))).waiting,
  );
  return handle;
}

it('finds none while rotations are alive, in a later run as well', async () => {
  expect(await orphans()).toEqual([]);
  const handle = await inGrace(48 * 3_600_000);
  const latest = stage.rehearsal().client.workflow.getHandle(handle.workflowId);
  await inLaterRun(latest, stage.rehearsal().session.store, 'openai');

  expect(await orphans()).toEqual([]);

  await stage.hasten(latest, null);
  await latest.result();
  expect(await orphans()).toEqual([]);
});

it('finds one that was reset: it runs, but not as the run that may write', async () => {
  const handle = await inGrace(40 * 60_000);
  const { client } = stage.rehearsal();
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
  const { session } = stage.rehearsal();
  await stage.reconcile();
  const presenter = {
    workflowId: rotationId(session.store.installation, 'openai'),
    runId: '00000000-0000-4000-8000-000000000000',
  };
  const [row] = await session.store.credentials();
  await session.store.open(row!, [], { actor: 'test', trigger: 'manual', reason: 'a test' }, presenter);

  expect(await orphans()).toMatchObject([{ temporal: 'it does not know its run' }]);

  await stage.reconcile();
  expect(await orphans()).toEqual([]);
});
