import { startConsumer } from '../../src/lab/consumer.js';
import type { DocumentEngineLab } from '../../src/lab/document-engine/server.js';
import { type Behavior, type SecretType, usualBehavior } from '../../src/lab/document-engine/state.js';
import type { DocumentEngineOptions } from '../../src/lab/scenarios/document-engine.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { emergencyRevoke, progress } from '../../workflows/rotation/messages.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';
import { until } from '../support/temporal.js';
import { decided } from '../support/decided.js';

const behaviors: Partial<Behavior>[] = (['drops', 'keeps', 'in-place'] as const).flatMap((rotate) => [
  { rotate },
  { rotate, duplicates: 'refused', change: 'POST', otherChange: 404 },
  { rotate, pastExpiry: 'refused' },
]);

/** What shows in how it is asked and listed, whatever becomes of the former current secret. */
const sights: Partial<Behavior>[] = [
  { precision: 0, zone: 'none' },
  { precision: 3, zone: '+00:00', rotate: 'keeps', pastExpiry: 'refused' },
  { upstreamJwt: 403 },
  { front: 'proxy', server: null },
];

export interface Secret {
  readonly type: SecretType;
  readonly start: (options: DocumentEngineOptions) => Promise<Scenario>;
  /** What the report says of the former value. */
  readonly oldCredential: 'refused' | 'not-observable';
}

/** One type of secret with every behavior that a deployment may have. Each type has a suite, so that they are played side by side. */
export function describeBehaviors({ type, start, oldCredential }: Secret): void {
  describe(type, () => {
    let scenario: Scenario;
    let rehearsal: TestRehearsal;
    let engine: DocumentEngineLab;

    beforeAll(async () => {
      scenario = await start({ lifetime: '0.3 seconds' });
      engine = scenario.systems['document-engine'] as DocumentEngineLab;
      rehearsal = await rehearse(scenario);
    });
    afterAll(() => rehearsal.stop());

    async function withConsumer<T>(work: () => Promise<T>): Promise<T> {
      const consumer = startConsumer(() => scenario.consume(), 20);
      const result = await work().finally(() => consumer.stop());
      expect(consumer.failed).toBe(0);
      return result;
    }

    describe.each([...behaviors, ...sights])('whatever the deployment does: %j', (behavior) => {
      beforeEach(() => {
        Object.assign(engine.behavior, usualBehavior, behavior);
      });

      it('is replaced without a failed use, and a restart keeps the new one', async () => {
        const [before] = scenario.working();

        const report = await withConsumer(async () => rehearsal.report(await rehearsal.begin({ graceMs: 300 })));
        engine.restart();

        expect(report).toMatchObject({ outcome: 'retired', oldCredential, orphans: [] });
        expect(scenario.working()).toEqual([scenario.engineHolds()]);
        expect(scenario.working()).not.toContain(before);
        expect(engine.secrets(type)).toHaveLength(1);
      });

      it('is revoked and replaced in an emergency', async () => {
        const leaked = scenario.working();
        const handle = await rehearsal.begin({ graceMs: 40 * 60_000 });
        await until(async () => (await handle.query(progress)).waiting?.for === 'grace');

        await handle.signal(emergencyRevoke, { actor: 'test', reason: 'it leaked' });

        expect(await rehearsal.report(handle)).toMatchObject({ outcome: 'replaced', orphans: [] });
        expect(scenario.working()).toEqual([scenario.engineHolds()]);
        for (const value of leaked) expect(scenario.working()).not.toContain(value);
      });

      it('goes back to the former one without a failed use', async () => {
        const before = scenario.working();

        const report = await withConsumer(async () => {
          const handle = await rehearsal.begin({ graceMs: 40 * 60_000 });
          await until(async () => (await handle.query(progress)).waiting?.for === 'grace');
          const request = { actor: 'test', decision: 'roll-back', reason: 'second thoughts' } as const;
          await decided(rehearsal.session.store, handle, request);
          return rehearsal.report(handle);
        });

        expect(report).toMatchObject({ outcome: 'rolled-back', orphans: [] });
        expect(scenario.working()).toEqual(before);
        expect(scenario.engineHolds()).toBe(before[0]);
      });
    });
  });
}
