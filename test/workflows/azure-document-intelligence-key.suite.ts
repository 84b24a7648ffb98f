import type { WorkflowHandle } from '@temporalio/client';
import type { Decision, Progress } from '../../src/domain/rotation.js';
import type { AzureLab } from '../../src/lab/azure/server.js';
import { fastClock } from '../../src/lab/clock.js';
import { startConsumer } from '../../src/lab/consumer.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { startAzureDocumentIntelligenceKey } from '../../src/lab/scenarios/azure-document-intelligence-key.js';
import { emergencyRevoke, progress } from '../../workflows/rotation/messages.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';
import { until } from '../support/temporal.js';
import { decided } from '../support/decided.js';

let scenario: Scenario;
let rehearsal: TestRehearsal;
let azure: AzureLab;

beforeAll(async () => {
  scenario = await startAzureDocumentIntelligenceKey({ clock: fastClock(1000) });
  azure = scenario.systems['azure'] as AzureLab;
  rehearsal = await rehearse(scenario);
  expect(await rehearsal.report(await rehearsal.begin())).toMatchObject({ outcome: 'retired' }); // so that nothing is merely adopted any more
});
afterAll(() => rehearsal.stop());
afterEach(() => azure.faults.clear());

const look = (handle: WorkflowHandle): Promise<Progress> => handle.query(progress);
const slotInUse = (): string => (scenario.engineHolds() === azure.inSlot('Key1') ? 'Key1' : 'Key2');

async function whyItWaits(handle: WorkflowHandle): Promise<string> {
  return until(async () => {
    const { waiting } = await look(handle);
    return waiting?.for === 'operator' && waiting.why;
  });
}
const say = (handle: WorkflowHandle, decision: Decision): Promise<unknown> =>
  decided(rehearsal.session.store, handle, { actor: 'test', decision, reason: 'the test says so' });

it('takes turns with the two slots, while every use of the engine succeeds', async () => {
  const turns = [slotInUse()];
  const consumer = startConsumer(() => scenario.consume(), 10);

  for (let round = 0; round < 3; round++) {
    expect(await rehearsal.report(await rehearsal.begin())).toMatchObject({ outcome: 'retired', orphans: [] });
    turns.push(slotInUse());
  }
  await consumer.stop();

  expect(turns).toEqual(['Key2', 'Key1', 'Key2', 'Key1']);
  expect(consumer.probes).toBeGreaterThan(10);
  expect(consumer.failed).toBe(0);
});

it('rolls back with the key in force untouched when Azure cannot read the test document', async () => {
  const before = scenario.engineHolds();
  azure.faults.add({
    method: 'POST',
    path: '/documentintelligence/documentModels/{model}:analyze',
    kind: { status: 500 },
  });

  const report = await rehearsal.report(await rehearsal.begin());

  expect(report).toMatchObject({ outcome: 'rolled-back' });
  expect(report.orphans).toEqual([expect.stringMatching(/^test document keyturn-test-.*\.pdf in DocuElevate$/)]); // read again later
  expect(report.why).toContain('A scanned test document is read with it: run_ocr_providers: failure');
  expect([scenario.engineHolds(), azure.works(before ?? '')]).toEqual([before, true]);
});

it('asks before it regenerates a key that somebody has regenerated since, and leaves it to them', async () => {
  const theirSlot = slotInUse() === 'Key1' ? 'Key2' : 'Key1';
  azure.regenerateByHand(theirSlot);
  const theirs = azure.inSlot(theirSlot);
  const handle = await rehearsal.begin({ giveUpAfterMs: 60_000 });

  const why = await whyItWaits(handle);
  await say(handle, 'roll-back');

  expect(why).toContain(`somebody else has regenerated ${theirSlot}`);
  expect(await rehearsal.report(handle)).toMatchObject({ outcome: 'rolled-back' });
  expect(azure.works(theirs)).toBe(true);
});

it('takes it when a person says that nobody uses it', async () => {
  const handle = await rehearsal.begin({ giveUpAfterMs: 60_000 });
  await whyItWaits(handle);

  await say(handle, 'skip');

  expect(await rehearsal.report(handle)).toMatchObject({ outcome: 'retired', oldCredential: 'refused' });
});

it('regenerates both slots in an emergency, and replaces both', async () => {
  const before = scenario.working();
  const handle = await rehearsal.begin({ graceMs: 40 * 60_000 });
  await until(async () => (await look(handle)).waiting?.for === 'grace');
  const during = scenario.working();

  await handle.signal(emergencyRevoke, { actor: 'test', reason: 'it leaked' });

  expect(await rehearsal.report(handle)).toMatchObject({ outcome: 'replaced', oldCredential: 'refused' });
  const { steps } = await look(handle);
  const contained = steps.filter(({ phase }) => phase === 'contain').map(({ title }) => title);
  expect(contained.slice(0, 2)).toEqual(['Regenerate Key1', 'Regenerate Key2']);
  expect([...before, ...during].filter((value) => azure.works(value))).toEqual([]);
  expect(azure.works(scenario.engineHolds() ?? '')).toBe(true);
});
