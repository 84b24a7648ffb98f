import { startConsumer } from '../../src/lab/consumer.js';
import type { DocumentEngineLab } from '../../src/lab/document-engine/server.js';
import { startDocumentEngineDashboardPassword } from '../../src/lab/scenarios/document-engine-dashboard-password.js';
import { startDocumentEngineJwt } from '../../src/lab/scenarios/document-engine-jwt.js';
import { startDocumentEngineSecretKeyBase } from '../../src/lab/scenarios/document-engine-secret-key-base.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { decide, emergencyRevoke, progress } from '../../workflows/rotation/messages.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';
import { until } from '../support/temporal.js';

describe.each([
  ['jwt', startDocumentEngineJwt, 'refused'],
  ['dashboard_password', startDocumentEngineDashboardPassword, 'refused'],
  ['secret_key_base', startDocumentEngineSecretKeyBase, 'not-observable'],
] as const)('%s, where a second node learns of changes late', (type, start, oldCredential) => {
  let scenario: Scenario;
  let rehearsal: TestRehearsal;
  let engine: DocumentEngineLab;

  beforeAll(async () => {
    scenario = await start({ lifetime: '0.3 seconds', behavior: { nodes: 2, lagMs: 400 } });
    engine = scenario.systems['document-engine'] as DocumentEngineLab;
    rehearsal = await rehearse(scenario);
  });
  afterAll(() => rehearsal.stop());

  const waitsInGrace = async () => {
    const handle = await rehearsal.begin({ graceMs: 40 * 60_000 });
    await until(async () => (await handle.query(progress)).waiting?.for === 'grace');
    return handle;
  };

  it('is replaced without a failed use', async () => {
    const consumer = startConsumer(() => scenario.consume(), 20);

    const report = await rehearsal.report(await rehearsal.begin({ graceMs: 300 }));
    await consumer.stop();

    expect(report).toMatchObject({ outcome: 'retired', oldCredential, orphans: [] });
    expect(consumer.failed).toBe(0);
    expect(scenario.working()).toEqual([scenario.engineHolds()]);
    expect(engine.secrets(type)).toHaveLength(1);
  });

  it('goes back to the former one', async () => {
    const before = scenario.working();

    const handle = await waitsInGrace();
    const question = (await handle.query(progress)).waiting?.id ?? '';
    const request = { question, actor: 'test', decision: 'roll-back', reason: 'second thoughts' } as const;
    await handle.executeUpdate(decide, { args: [request] });

    expect(await rehearsal.report(handle)).toMatchObject({ outcome: 'rolled-back', orphans: [] });
    expect(scenario.working()).toEqual(before);
  });

  it('is revoked and replaced in an emergency', async () => {
    const leaked = scenario.working();

    const handle = await waitsInGrace();
    await handle.signal(emergencyRevoke, { actor: 'test', reason: 'it leaked' });

    expect(await rehearsal.report(handle)).toMatchObject({ outcome: 'replaced', orphans: [] });
    for (const value of leaked) expect(scenario.working()).not.toContain(value);
  });
});
