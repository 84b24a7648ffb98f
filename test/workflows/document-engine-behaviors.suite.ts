import { startConsumer } from '../../src/lab/consumer.js';
import type { DocumentEngineLab } from '../../src/lab/document-engine/server.js';
import { type Behavior, usualBehavior } from '../../src/lab/document-engine/state.js';
import { startDocumentEngineDashboardPassword } from '../../src/lab/scenarios/document-engine-dashboard-password.js';
import { startDocumentEngineSecretKeyBase } from '../../src/lab/scenarios/document-engine-secret-key-base.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';

const behaviors: Partial<Behavior>[] = (['drops', 'keeps', 'in-place'] as const).flatMap((rotate) => [
  { rotate },
  { rotate, duplicates: 'refused', change: 'POST' },
]);

describe.each([
  ['dashboard_password', startDocumentEngineDashboardPassword, 'refused'],
  ['secret_key_base', startDocumentEngineSecretKeyBase, 'not-observable'],
] as const)('%s', (type, start, oldCredential) => {
  let scenario: Scenario;
  let rehearsal: TestRehearsal;
  let engine: DocumentEngineLab;

  beforeAll(async () => {
    scenario = await start();
    engine = scenario.systems['document-engine'] as DocumentEngineLab;
    rehearsal = await rehearse(scenario);
  });
  afterAll(() => rehearsal.stop());

  it.each(behaviors)('is replaced without a failed use, whatever the deployment does: %j', async (behavior) => {
    Object.assign(engine.behavior, usualBehavior, behavior);
    const consumer = startConsumer(() => scenario.consume(), 20);

    const report = await rehearsal.report(await rehearsal.begin());
    await consumer.stop();
    engine.restart();

    expect(report).toMatchObject({ outcome: 'retired', oldCredential, leftOver: [] });
    expect(consumer.failed).toBe(0);
    expect(scenario.working()).toEqual([scenario.engineHolds()]);
    expect(engine.secrets(type)).toHaveLength(1);
  });
});
