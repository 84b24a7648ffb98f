import { rotationId } from '../../src/domain/temporal-names.js';
import type { WorkflowHandle } from '@temporalio/client';
import { emergencyRevoke } from '../../workflows/rotation/messages.js';
import type { Waiting } from '../../src/domain/rotation.js';
import { decided } from '../support/decided.js';
import { until } from '../support/temporal.js';
import { rejected, type Fixture, startFixture } from './fixture.js';

// A wait that may last for weeks goes on in a run of its own, so that it depends on no history of code that is long gone.
let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());
beforeEach(() => {
  fixture.calls.length = 0;
  fixture.behave = () => undefined;
});

const soon = { parkAfterMs: 300 };

interface Parked {
  /** Of whatever runs under the id. */
  readonly latest: WorkflowHandle;
  readonly waiting: Waiting;
  readonly attributes: Record<string, unknown>;
}

/** Resolves when a rotation has gone on in a new run, and waits there for what begins so. */
async function parked(credential: string, why: string): Promise<Parked> {
  const latest = fixture.temporal.client.workflow.getHandle(rotationId(fixture.store.installation, credential));
  const waiting = await until(async () => {
    if (!(await isParked(latest))) return false;
    const seen = (await fixture.progress(latest)).waiting;
    return seen?.why.startsWith(why) && seen;
  });
  const { typedSearchAttributes } = await latest.describe();
  const attributes = Object.fromEntries(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]));
  return { latest, waiting, attributes };
}

async function isParked(handle: WorkflowHandle): Promise<boolean> {
  const { raw } = await handle.describe();
  return raw.workflowExtendedInfo?.originalStartTime !== undefined && (await firstRun(handle)) !== null;
}

/** The run that this one goes on from; null for the first one. */
async function firstRun(handle: WorkflowHandle): Promise<string | null> {
  const { events } = await handle.fetchHistory();
  return events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || null;
}

/** What a person reads before the run ends. */
async function asked(handle: WorkflowHandle): Promise<Waiting> {
  return until(async () => (await fixture.progress(handle)).waiting);
}

it('asks the same question in the new run, and tries nothing again for that', async () => {
  fixture.behave = (verb) => (verb === 'idle' ? 'failed' : undefined);
  const handle = await fixture.rotate('operator', soon);
  const before = await asked(handle);

  const { latest, waiting, attributes } = await parked('operator', 'Idle');

  expect(waiting).toMatchObject({ id: before.id, why: before.why, choices: before.choices });
  expect(fixture.calls.filter((call) => call === 'idle 1')).toHaveLength(1);
  expect(attributes).toMatchObject({ KeyturnPhase: 'retire', KeyturnNeedsOperator: true });
  fixture.behave = () => undefined;
  await decided(fixture.store, latest, { actor: 'ada', decision: 'retry', reason: 'it is idle now' });
  expect(await fixture.report(handle)).toMatchObject({ outcome: 'retired', version: 2 });
  expect(fixture.calls.filter((call) => call === 'create 2' || call === 'write 1')).toHaveLength(2);
});

it('destroys nothing in the new run that a trial has put back', async () => {
  fixture.behave = (verb) => (verb === 'document' && fixture.calls.at(-2) === 'disable 1' ? 'failed' : undefined);
  const handle = await fixture.rotate('put-back', soon, 'rotateTried');
  const before = await asked(handle);

  const { latest, waiting } = await parked('put-back', 'Document');

  expect(waiting).toMatchObject({ id: before.id, why: expect.stringContaining('it was put back') as string });
  expect(fixture.calls.slice(-3)).toEqual(['disable 1', 'document 2', 'enable 1']);
  fixture.behave = () => undefined;
  await decided(fixture.store, latest, { actor: 'ada', decision: 'retry', reason: 'it works without it now' });
  expect(await fixture.report(handle)).toMatchObject({ outcome: 'retired' });
  expect(fixture.calls.slice(-4)).toEqual(['disable 1', 'document 2', 'seen 2', 'destroy 1']);
});

it('goes on waiting for a task, and no longer than it was given', async () => {
  const handle = await fixture.rotate('assisted', soon, 'rotateAssisted');
  const before = await asked(handle);

  const { latest, waiting } = await parked('assisted', 'Give consent');

  expect(waiting).toMatchObject({ task: before.task, until: before.until });
  await fixture.end(await fixture.task('assisted'));
  await fixture.end(await fixture.task('assisted'));
  expect(await fixture.report(handle)).toMatchObject({ outcome: 'retired' });
  expect(await fixture.progress(latest)).toMatchObject({ waiting: null });
});

it('waits out its patience once, and not anew in each run', async () => {
  fixture.behave = (verb) => (verb === 'ours' ? 'failed' : undefined);
  await fixture.rotate('patient');
  const refused = await fixture.rotate('patient-again');
  await Promise.all([
    fixture.report(fixture.temporal.client.workflow.getHandle(rotationId(fixture.store.installation, 'patient'))),
    fixture.report(refused),
  ]);
  const handle = await fixture.rotate('patient', { ...soon, giveUpAfterMs: 3000 });
  const before = await asked(handle);

  const { waiting } = await parked('patient', 'The engine still holds');

  expect(waiting.until).toBe(before.until);
  expect(await fixture.report(handle)).toMatchObject({ outcome: 'rolled-back' });
});

/** Waits in its roll back: the new value is not deleted. */
async function stuckUndoing(credential: string): Promise<WorkflowHandle> {
  const handle = await fixture.rotate(credential, { ...soon, graceMs: 250 });
  await asked(handle);
  fixture.behave = (verb) => {
    if (verb === 'destroy') throw rejected();
  };
  await decided(fixture.store, handle, { actor: 'ada', decision: 'roll-back', reason: 'the bill doubled' });
  await until(async () => (await fixture.progress(handle)).waiting?.why.startsWith('Undo: Create'));
  return handle;
}

it('goes on rolling back, and not forward again', async () => {
  const handle = await stuckUndoing('regret');

  const { latest, attributes } = await parked('regret', 'Undo: Create');

  expect(attributes).toMatchObject({ KeyturnPhase: 'roll-back', KeyturnNeedsOperator: true });
  fixture.behave = () => undefined;
  fixture.calls.length = 0;
  await decided(fixture.store, latest, { actor: 'ben', decision: 'retry', reason: 'it lets go now' });
  expect(await fixture.report(handle)).toMatchObject({ outcome: 'rolled-back', why: 'ada: the bill doubled' });
  expect(fixture.calls).toEqual(['accepts 1', 'destroy 2', 'refuses 2']);
  expect((await fixture.store.versions('regret')).map(({ state }) => state)).toEqual(['current', 'discarded']);
});

it('goes on with the proof of the way back that it was parked about, and undoes nothing before', async () => {
  const handle = await stuckUndoing('gone');
  fixture.behave = (verb, { number }) => (verb === 'accepts' && number === 1 ? 'failed' : undefined);
  await decided(fixture.store, handle, { actor: 'ben', decision: 'retry', reason: 'it lets go now' });

  const { latest } = await parked('gone', 'Version 1 still works');

  await until(async () => (await fixture.progress(latest)).waiting?.why.startsWith('Version 1 still works'));
  expect(fixture.calls.filter((call) => call === 'destroy 2')).toHaveLength(1);
  fixture.behave = () => undefined;
  fixture.calls.length = 0;
  await decided(fixture.store, latest, { actor: 'ben', decision: 'retry', reason: 'it is back' });
  expect(await fixture.report(handle)).toMatchObject({ outcome: 'rolled-back' });
  expect(fixture.calls).toEqual(['accepts 1', 'destroy 2', 'refuses 2']);
});

it('loses nothing that arrives while it is parked', async () => {
  const handle = await fixture.rotate('haste', { ...soon, graceMs: 3_600_000 });
  const { latest, waiting, attributes } = await parked('haste', 'Keep version 1 usable');

  await fixture.hasten(latest, { credential: 'haste', actor: 'ada', byMs: 600_000 });
  const longer = await until(async () => {
    const seen = (await fixture.progress(latest)).waiting?.until;
    return seen !== waiting.until && seen;
  });
  await fixture.hasten(latest, { credential: 'haste', actor: 'ben', byMs: null });

  expect(longer).toBe(waiting.until! + 600_000);
  expect(attributes).toMatchObject({ KeyturnPhase: 'grace', KeyturnNeedsOperator: false });
  expect(await fixture.report(handle)).toMatchObject({ outcome: 'retired' });
});

it('hears an emergency in each of its runs', async () => {
  fixture.behave = (verb) => (verb === 'idle' ? 'failed' : undefined);
  const handle = await fixture.rotate('struck', soon);
  const { latest } = await parked('struck', 'Idle');

  await latest.signal(emergencyRevoke, { actor: 'ada', reason: 'it leaked' });

  expect(await fixture.report(handle)).toMatchObject({ outcome: 'replaced', version: 3 });
  const { typedSearchAttributes } = await latest.describe();
  expect(typedSearchAttributes.getAll().map(({ value }) => value)).toContain('close');
});

it('never says of a rotation that has not waited yet that it is in its first phase', async () => {
  const held = Promise.withResolvers<void>();
  fixture.behave = (verb) => (verb === 'create' ? held.promise : undefined);
  const handle = await fixture.rotate('unlisted');
  await until(async () => (await fixture.progress(handle)).phase === 'replace');

  const names = (await handle.describe()).typedSearchAttributes.getAll().map(({ key }) => key.name);

  expect(names).not.toContain('KeyturnPhase');
  held.resolve();
  expect(await fixture.report(handle)).toMatchObject({ outcome: 'retired' });
});
