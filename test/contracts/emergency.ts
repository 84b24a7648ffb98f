import { rotationId } from '../../src/domain/temporal-names.js';
import { ApplicationFailure } from '@temporalio/common';
import type { WorkflowHandle } from '@temporalio/client';
import { rotationPolicyOf } from '../../src/config/policy.js';
import type { ProcedureDescriptor } from '../../src/domain/procedure.js';
import { fastClock } from '../../src/lab/clock.js';
import type { Scenario, StartScenario } from '../../src/lab/scenario.js';
import { type Conducted, conduct } from '../../src/operations/emergency/emergency.js';
import { type PlannedStep, planRotation } from '../../src/operations/rotate/plan.js';
import { workflowOf } from '../../src/operations/session/session.js';
import { inputOf } from '../../workers/compose.js';
import type { Activities } from '../../workers/registered.js';
import { progress } from '../../workflows/rotation/messages.js';
import { expectWorking } from './working.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';
import { until } from '../support/temporal.js';

const never = new AbortController().signal;

/** What every procedure promises about an emergency, played on its scenario with a real Temporal server. */
export function describeEmergency(descriptor: ProcedureDescriptor, start: StartScenario): void {
  describe(`an emergency of ${descriptor.id}`, () => {
    let scenario: Scenario;
    let rehearsal: TestRehearsal;
    /** Called before every activity; throws to make it fail. */
    let before: (activity: string) => void = () => undefined;
    const around = (activities: Activities): Activities =>
      Object.fromEntries(
        Object.entries(activities).map(([name, activity]) => [
          name,
          (...args) => {
            before(name);
            return activity(...args);
          },
        ]),
      );

    beforeAll(async () => {
      scenario = await start({ clock: fastClock(1000) });
      rehearsal = await rehearse(scenario, around);
      expect(await rehearsal.report(await rehearsal.begin())).toMatchObject({ outcome: 'retired' });
    });
    afterAll(() => rehearsal.stop());
    beforeEach(() => {
      before = () => undefined;
    });

    const look = (handle: WorkflowHandle) => handle.query(progress);

    /** Asks for an emergency as the command does, and returns how it ended. */
    async function emergency(): Promise<Conducted> {
      const { session, client } = rehearsal;
      const { credential } = scenario;
      const asked = await session.store.ask({ credential, actor: 'test', reason: 'it leaked', versions: null });
      const follow = () => conduct({ session, client, onChange: () => undefined, signal: never }, asked);
      let conducted = await follow();
      while (scenario.people && conducted.how === 'waiting') conducted = await follow(); // somebody does the task
      // the store knows of the end a moment earlier
      await client.workflow.getHandle(rotationId(session.store.installation, credential)).result();
      return conducted;
    }

    /** Everything that worked before is dead, and was shown to be. The engine works with the one value that is left. */
    async function expectReplaced({ how, state }: Conducted, leaked: readonly string[]): Promise<void> {
      expect({ how, outcome: state.outcome }).toEqual({ how: 'ended', outcome: 'replaced' });
      for (const { number, end, refused } of state.versions) {
        const evidence = await rehearsal.session.store.evidence({ credential: scenario.credential, number });
        // Where a value was never seen to be accepted, nothing proves that it is refused because of us.
        const known = evidence.some(({ kind, outcome }) => kind === 'accepted' && outcome === 'proved');
        const shown = known ? [descriptor.refusal ?? 'proved'] : ['not-observable', 'attested'];
        expect({ end, refused }).toEqual({ end: 'revoked', refused: shown.find((each) => each === refused) });
      }
      expect(state.containedAfterMs).not.toBeNull();
      await expectWorking(descriptor, scenario, rehearsal.session.store);
      for (const value of leaked) expect(scenario.working()).not.toContain(value);
    }

    async function planned(): Promise<PlannedStep[]> {
      const { session } = rehearsal;
      const { credential } = scenario;
      const request = { actor: 'test', trigger: 'manual', reason: 'the contract' } as const;
      const policy = rotationPolicyOf(session.config, credential, descriptor);
      const plan = await planRotation(workflowOf(session.config, credential), inputOf(credential, request), {
        ...(await session.store.preview(credential)),
        policy,
      });
      return plan.filter((entry): entry is PlannedStep => 'activity' in entry);
    }

    it('works when no rotation runs', async () => {
      const leaked = scenario.working();

      await expectReplaced(await emergency(), leaked);
    });

    // The crash matrix plays every boundary (src/crash-test/faults.ts). This plays every third one, another third in
    // each procedure.
    it('works at steps of a planned rotation, from the first to the last', async () => {
      const steps = await planned();
      expect(steps.length).toBeGreaterThan(10);

      for (const struck of [...steps.keys()].filter((step) => step % 3 === descriptor.id.length % 3)) {
        const leaked = scenario.working();
        const reached = Promise.withResolvers<void>();
        let calls = 0;
        before = () => {
          if (calls++ === struck) reached.resolve();
        };
        await rehearsal.begin();
        await reached.promise;
        await expectReplaced(await emergency(), leaked);
      }
    }, 120_000);

    if (descriptor.overlap !== 'single')
      it('does not wait for the grace', async () => {
        const handle = await rehearsal.begin({ graceMs: 48 * 3_600_000 });
        await until(async () => (await look(handle)).waiting?.for === 'grace');
        const leaked = scenario.working();

        await expectReplaced(await emergency(), leaked);
      });

    it('does not wait for the operator that the rotation waits for', async () => {
      let failing = true;
      before = (activity) => {
        if (failing && activity === 'versions.recordEnd') throw ApplicationFailure.nonRetryable('injected', 'Rejected');
      };
      const handle = await rehearsal.begin();
      await until(async () => (await look(handle)).waiting?.for === 'operator');
      failing = false;
      const leaked = scenario.working();

      await expectReplaced(await emergency(), leaked);
    });

    it('revokes although nothing new can be made, and says so', async () => {
      const leaked = scenario.working();
      const making = (await planned()).find(
        ({ phase, activity }) => phase === 'replace' && !activity.startsWith('versions.'),
      )?.activity;
      before = (activity) => {
        if (activity === making && leaked.every((value) => !scenario.working().includes(value)))
          throw ApplicationFailure.create({ message: 'injected: answered 500', type: 'Unavailable' });
      };
      const conducted = emergency();
      const contained = await until(async () => {
        const [newest] = await rehearsal.session.store.emergencies(scenario.credential);
        return newest?.containedAt !== null && newest;
      });

      expect(scenario.working().filter((value) => leaked.includes(value))).toEqual([]);
      expect(contained.targets.length).toBeGreaterThan(0);
      before = () => undefined;
      await expectReplaced(await conducted, leaked);
    });
  });
}
