import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import type { Progress } from '../../src/domain/rotation.js';
import { startConsumer } from '../../src/lab/consumer.js';
import { type DocumentEngineLab, newKeyPair } from '../../src/lab/document-engine/server.js';
import { usualBehavior } from '../../src/lab/document-engine/state.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { startDocumentEngineJwt } from '../../src/lab/scenarios/document-engine-jwt.js';
import { emergencyRevoke, progress } from '../../workflows/rotation/messages.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';
import { until } from '../support/temporal.js';
import { decided } from '../support/decided.js';

let scenario: Scenario;
let rehearsal: TestRehearsal;
let engine: DocumentEngineLab;
let keyFile: string;
const lifetimeMs = 300;

beforeAll(async () => {
  scenario = await startDocumentEngineJwt({ lifetime: '0.3 seconds' });
  engine = scenario.systems['document-engine'] as DocumentEngineLab;
  rehearsal = await rehearse(scenario);
  keyFile = (scenario.config.credentials['viewer-jwt'] as { deliver: [{ file: string }] }).deliver[0].file;
});
afterAll(() => rehearsal.stop());
afterEach(() => {
  engine.faults.clear();
  Object.assign(engine.behavior, usualBehavior);
});

const look = (handle: WorkflowHandle): Promise<Progress> => handle.query(progress);
const begin = (giveUpAfterMs = 0): Promise<WorkflowHandle> => rehearsal.begin({ graceMs: lifetimeMs, giveUpAfterMs });

async function whyItWaits(handle: WorkflowHandle): Promise<string> {
  return until(async () => {
    const { waiting } = await look(handle);
    return waiting?.for === 'operator' && waiting.why;
  });
}
const answer = (handle: WorkflowHandle, decision: 'retry' | 'roll-back' | 'abandon' | 'skip') =>
  decided(rehearsal.session.store, handle, { actor: 'test', decision, reason: 'the test' });

it('keeps nothing of the old private key beside the new one', async () => {
  expect(await rehearsal.report(await begin())).toMatchObject({ outcome: 'retired' });

  expect(readdirSync(dirname(keyFile))).toEqual(['viewer-key']);
});

it('goes back to the former key, in the engine and in the file, when the signer is not convinced', async () => {
  const [before] = scenario.working();
  const file = readFileSync(keyFile, 'utf8');
  const signer = scenario.systems['signer']!;
  signer.faults.add({ method: 'GET', path: '/token', kind: { status: 404 } });

  const report = await rehearsal.report(await begin());

  signer.faults.clear();
  expect(report).toMatchObject({ outcome: 'rolled-back', orphans: [] });
  expect(scenario.working()).toEqual([before]);
  expect(readFileSync(keyFile, 'utf8')).toBe(file);
  expect(readdirSync(dirname(keyFile))).toEqual(['viewer-key']);
});

it('lets the tokens of the old key pass first, also when somebody is in a hurry', async () => {
  const consumer = startConsumer(() => scenario.consume(), 20);

  const report = await rehearsal.report(await rehearsal.begin({ graceMs: 0 }));
  await consumer.stop();

  expect(report).toMatchObject({ outcome: 'retired', oldCredential: 'refused' });
  expect(consumer.failed).toBe(0);
});

describe('a roll back from the grace', () => {
  const longMs = 90 * 60_000; // no wait of a roll back goes on in a new run, which would go forward again

  async function waitingForTokens(): Promise<WorkflowHandle> {
    const handle = await rehearsal.begin({ graceMs: 40 * 60_000, drainMs: longMs });
    await until(async () => (await look(handle)).waiting?.why.startsWith('Keep version'));
    await answer(handle, 'roll-back');
    await until(async () => (await look(handle)).waiting?.why.startsWith('Let pass what version'));
    return handle;
  }

  it('lets the tokens of the new key pass before it ends that one, unless somebody is in a hurry', async () => {
    const before = scenario.working();
    const handle = await waitingForTokens();

    expect(scenario.engineHolds()).toBe(before[0]);
    expect(scenario.working()).toHaveLength(2);
    await rehearsal.hasten(handle, null);

    expect(await rehearsal.report(handle)).toMatchObject({ outcome: 'rolled-back', orphans: [] });
    expect(scenario.working()).toEqual(before);
  });

  it('makes way for an emergency while it waits', async () => {
    const leaked = scenario.working();
    const handle = await waitingForTokens();

    await handle.signal(emergencyRevoke, { actor: 'test', reason: 'it leaked' });

    expect(await rehearsal.report(handle)).toMatchObject({ outcome: 'replaced' });
    expect(scenario.working()).toEqual([scenario.engineHolds()]);
    expect(scenario.working()).not.toContain(leaked[0]);
  });
});

it('notices that a restart brought back the environment, and says what to do', async () => {
  const stranger = newKeyPair('ES256');
  engine.rotateByHand('jwt', stranger.publicKey);
  const handle = await begin(60_000);

  const why = await whyItWaits(handle);
  await answer(handle, 'abandon');

  expect(why).toContain('REPLACE_SECRETS_FROM_ENV');
  expect(await rehearsal.report(handle)).toMatchObject({ outcome: 'abandoned' });
  expect(scenario.working()).toContain(stranger.publicKey);
});
