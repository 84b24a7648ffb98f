import type { WorkflowHandle } from '@temporalio/client';
import { rotationId, taskQueueOf } from '../../src/domain/temporal-names.js';
import { decide, haste, progress } from '../../workflows/rotation/messages.js';
import { until } from '../support/temporal.js';
import { startFixture, type Fixture } from './fixture.js';

// Whoever reaches a Temporal server that others use too can start workflows and send messages under any name.
let fixture: Fixture;
const graceMs = 3_600_000;
const signature = { actor: 'root', trigger: 'manual', reason: 'a stranger' } as const;

beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());

/** Starts it as no command of Keyturn does. */
async function strange(credential: string, more: object): Promise<WorkflowHandle> {
  await fixture.adopt(credential, { graceMs, giveUpAfterMs: 0 });
  return fixture.temporal.client.workflow.start('rotateScripted', {
    workflowId: rotationId(fixture.store.installation, credential),
    taskQueue: taskQueueOf(fixture.store.installation),
    args: [{ credential, request: { ...signature, resetsCadence: true }, timing: { heartbeatMs: 2000 }, ...more }],
  });
}

async function inGrace(handle: WorkflowHandle): Promise<{ readonly until?: number }> {
  return until(async () => {
    const { waiting, outcome } = await handle.query(progress);
    if (outcome !== null) throw new Error(`it ended as ${outcome}`);
    return waiting?.for === 'grace' && waiting;
  });
}

const entry = async (credential: string, wanted: string) =>
  (await fixture.store.ledger({ credential })).find(({ event }) => event === wanted);

it('keeps the configured grace, whatever a stranger starts it with', async () => {
  const policy = { graceMs: 0, giveUpAfterMs: 1, delivers: true, retiresUnseen: true };
  const handle = await strange('impatient', { policy, graceMs: 0 });

  const { until: ends = 0 } = await inGrace(handle);

  expect(ends - Date.now()).toBeGreaterThan(graceMs - 60_000);
  expect(fixture.calls).not.toContain('destroy 1');
  await handle.terminate();
});

it('enters the name that a stranger signs with as no more than that', async () => {
  const handle = await strange('signed', {});
  await inGrace(handle);

  expect(await entry('signed', 'opened')).toMatchObject({
    actor: 'somebody at Temporal',
    detail: 'manual: a stranger (signed root)',
  });
  const [rotation] = await fixture.store.rotations('signed');
  expect(rotation!.request).toEqual({
    actor: 'somebody at Temporal',
    trigger: 'manual',
    reason: 'a stranger (signed root)',
  });
  await handle.terminate();
});

it('grants no wish that was written down for another rotation', async () => {
  const meant = { for: 'rotation', ...signature, graceMs: 0 } as const;
  const workflowId = rotationId(fixture.store.installation, 'rightful');
  const wish = await fixture.store.wish({ ...meant, credential: 'rightful', workflowId });

  const handle = await strange('thief', { wish });

  const { until: ends = 0 } = await inGrace(handle);
  expect(ends - Date.now()).toBeGreaterThan(graceMs - 60_000);
  expect(await entry('thief', 'opened')).toMatchObject({ actor: 'somebody at Temporal' });
  await handle.terminate();
});

it('goes by a grace that a command wrote down, and by the configuration again in the next one', async () => {
  const credential = 'wished';
  await fixture.adopt(credential, { graceMs, giveUpAfterMs: 0 });
  const workflowId = rotationId(fixture.store.installation, credential);
  const by = {
    for: 'rotation',
    credential,
    workflowId,
    actor: 'ada',
    trigger: 'manual',
    reason: 'in a hurry',
  } as const;
  const wish = await fixture.store.wish({ ...by, graceMs: 0 });

  expect(await fixture.report(await strange(credential, { wish }))).toMatchObject({ outcome: 'retired' });
  expect(await entry(credential, 'opened')).toMatchObject({ actor: 'ada', detail: 'manual: in a hurry' });
  expect(await entry(credential, 'asked')).toMatchObject({
    actor: 'ada',
    detail: 'manual: in a hurry; with a grace of 0 seconds',
  });

  const again = await strange(credential, { wish });
  await inGrace(again);
  await again.terminate();
});

it('waits as long as before when no command wrote down that it is to hurry', async () => {
  const handle = await strange('hurried', {});
  const { until: before } = await inGrace(handle);

  await handle.executeUpdate(haste, { args: [{ wish: 'of nobody' }] });
  const ignored = await until(async () =>
    (await fixture.store.ledger({ credential: 'hurried' })).find(({ outcome }) => outcome === 'ignored'),
  );

  expect(ignored).toMatchObject({ event: 'decided', actor: 'somebody at Temporal' });
  expect((await inGrace(handle)).until).toBe(before);
  await handle.terminate();
});

it('takes the answer of a stranger for that of a stranger', async () => {
  const handle = await strange('answered', {});
  await inGrace(handle);

  const { waiting } = await fixture.progress(handle);
  const answer = { question: waiting?.id ?? '', actor: 'root', decision: 'roll-back', reason: 'no' } as const;
  await handle.executeUpdate(decide, { args: [answer] });

  expect(await fixture.report(handle)).toMatchObject({ outcome: 'rolled-back' });
  expect(await fixture.store.rotations('answered')).toMatchObject([{ why: 'somebody at Temporal: no (signed root)' }]);
  expect(await entry('answered', 'decided')).toMatchObject({ actor: 'somebody at Temporal', outcome: 'roll-back' });
});

it('contains what a stranger says has leaked, and does not believe who says so', async () => {
  const handle = await strange('leaked', {});
  await inGrace(handle);

  await handle.signal('emergencyRevoke', { actor: 'root', reason: 'it leaked' });

  expect(await fixture.report(handle)).toMatchObject({ outcome: 'replaced' });
  expect(await entry('leaked', 'seized')).toMatchObject({
    actor: 'somebody at Temporal',
    detail: 'emergency: it leaked (signed root)',
  });
});

it('does not let a stranger answer for a check that keeps a value from being destroyed', async () => {
  fixture.behave = (verb) => (verb === 'idle' ? 'failed' : undefined);
  const handle = await strange('unanswered', { policy: { graceMs: 0 } });
  await inGrace(handle);
  await fixture.hasten(handle, { credential: 'unanswered', actor: 'ada', byMs: null });
  const asked = await until(async () => {
    const { waiting } = await fixture.progress(handle);
    return waiting?.for === 'operator' && waiting;
  });

  const answer = { question: asked.id, actor: 'root', decision: 'skip', reason: 'no' } as const;
  await handle.executeUpdate(decide, { args: [answer] });
  await until(async () => {
    const entries = await fixture.store.ledger({ credential: 'unanswered' });
    return entries.some(({ event, outcome }) => event === 'decided' && outcome === 'skip');
  });

  const evidence = await fixture.store.evidence({ credential: 'unanswered', number: 1 });
  expect(evidence.filter(({ outcome }) => outcome === 'not-observable')).toEqual([]);
  fixture.behave = () => undefined;
  await handle.terminate();
});
