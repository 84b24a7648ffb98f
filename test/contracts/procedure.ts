import { rotationId } from '../../src/domain/temporal-names.js';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { rotationPolicyOf } from '../../src/config/policy.js';
import type { ProcedureDescriptor } from '../../src/domain/procedure.js';
import type { Progress, RotationReport, RotationRequest } from '../../src/domain/rotation.js';
import { findSecrets } from '../../src/lab/canary.js';
import { fastClock } from '../../src/lab/clock.js';
import { type Consumer, startConsumer } from '../../src/lab/consumer.js';
import type { Received, Scenario, StartScenario } from '../../src/lab/scenario.js';
import { type PlannedStep, planRotation } from '../../src/operations/rotate/plan.js';
import { workflowOf } from '../../src/operations/session/session.js';
import { inputOf } from '../../workers/compose.js';
import type { Activities } from '../../workers/registered.js';
import { emergencyRevoke, progress } from '../../workflows/rotation/messages.js';
import { expectWorking } from './working.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';
import { until } from '../support/temporal.js';
import { linesOf, patternOf } from './requests.js';
import { decided } from '../support/decided.js';

/** What belongs to a step that a person does, besides its end. */
const ofTask = (activity: string): boolean => /\.(?:ask\w+|lookAtTask)$/.test(activity);

/** A question, and not a task that somebody is doing. */
const isQuestion = (waiting: Progress['waiting']): boolean => waiting?.for === 'operator' && waiting.task === undefined;

const request: RotationRequest = { actor: 'test', trigger: 'manual', reason: 'the contract' };

/** What every procedure promises, played on its scenario with a real Temporal server. */
export function describeProcedure(descriptor: ProcedureDescriptor, start: StartScenario): void {
  describe(`${descriptor.id}: "${descriptor.section}"`, () => {
    let scenario: Scenario;
    let rehearsal: TestRehearsal;
    const isSingle = descriptor.overlap === 'single';
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
    });
    afterAll(() => rehearsal.stop());
    beforeEach(() => {
      before = () => undefined;
    });

    const begin = (graceMs = 0): Promise<WorkflowHandle> => rehearsal.begin({ graceMs });
    const end = (handle: WorkflowHandle) => handle.result() as Promise<RotationReport>;
    const look = (handle: WorkflowHandle): Promise<Progress> => handle.query(progress);
    const plan = async () => {
      const { session } = rehearsal;
      const opened = await session.store.preview(scenario.credential);
      const policy = { ...rotationPolicyOf(session.config, scenario.credential, descriptor), graceMs: 0 };
      return planRotation(workflowOf(session.config, scenario.credential), inputOf(scenario.credential, request), {
        ...opened,
        policy,
      });
    };
    const trouble = () => ApplicationFailure.nonRetryable('injected: answered 400', 'Rejected');

    /** Leaves the rotation where it waits: in its grace, or for a person where there is no grace. */
    async function beginAndWait(): Promise<WorkflowHandle> {
      if (isSingle)
        before = (activity) => {
          if (activity === 'versions.promote') throw trouble();
        };
      const handle = await begin(40 * 60_000);
      await until(async () => (await look(handle)).waiting?.for === (isSingle ? 'operator' : 'grace'));
      before = () => undefined;
      return handle;
    }

    const expectOneWorking = () => expectWorking(descriptor, scenario, rehearsal.session.store);

    async function withConsumer(work: () => Promise<void>): Promise<Consumer> {
      const consumer = startConsumer(() => scenario.consume(), 20, scenario.gaps);
      try {
        await work();
      } finally {
        await consumer.stop();
      }
      return consumer;
    }

    it('plans the steps and the requests that the rotation then makes, in that order', async () => {
      const planned = (await plan()).filter((entry): entry is PlannedStep => 'activity' in entry);
      const already = scenario.received().length;

      const report = await end(await begin());

      expect(report).toMatchObject({
        outcome: 'retired',
        oldCredential: descriptor.refusal ?? 'refused',
        orphans: [],
      });
      const { steps } = await look(
        rehearsal.client.workflow.getHandle(rotationId(rehearsal.session.store.installation, scenario.credential)),
      );
      expect([...steps.map(({ title }) => title), 'Close the rotation']).toEqual(planned.map(({ title }) => title));
      const named = <T extends Received>(each: T) => ({ ...each, method: `${each.system} ${each.method}` });
      const made = linesOf(scenario.received().slice(already).map(named));
      expect(made).toMatch(patternOf(planned.flatMap(({ requests }) => requests).map(named)));
      await expectOneWorking();
    });

    it('leaves exactly one working value after three rotations in a row', async () => {
      for (let round = 0; round < 3; round++) {
        const earlier = scenario.working();
        expect(await end(await begin())).toMatchObject({ outcome: 'retired' });
        expect(scenario.working().filter((value) => earlier.includes(value))).toEqual([]);
      }

      await expectOneWorking();
    });

    if (isSingle)
      it('has no grace, since the old value is refused as soon as there is a new one', async () => {
        const handle = await begin(40 * 60_000);

        expect(await end(handle)).toMatchObject({ outcome: 'retired' }); // well within the grace
        expect((await look(handle)).steps.map(({ phase }) => phase)).not.toContain('grace');
        await expectOneWorking();
      });
    else
      it('waits through the grace with both values usable, and "retire now" skips the wait', async () => {
        const handle = await beginAndWait();
        const during = scenario.working();

        await rehearsal.hasten(handle, null);

        expect(await end(handle)).toMatchObject({ outcome: 'retired' });
        expect(during).toHaveLength(2);
        await expectOneWorking();
      });

    it('leaves the engine working whichever step fails, and takes back what can be taken back', async () => {
      const steps = (await plan()).filter((entry): entry is PlannedStep => 'activity' in entry).slice(1, -1);
      const noReturn = steps.findIndex(({ pastNoReturn }) => pastNoReturn);
      const promoted = steps.findIndex(({ phase }) => phase === 'promote');

      const consumer = await withConsumer(async () => {
        for (const [failing] of steps.entries()) {
          let calls = -1; // opening the rotation comes first
          before = (activity) => {
            if (!ofTask(activity) && calls++ === failing) throw trouble();
          };
          const handle = await begin();
          if (failing > promoted || failing >= noReturn) {
            await until(async () => isQuestion((await look(handle)).waiting));
            const decision = failing < noReturn ? 'roll-back' : 'retry';
            await decided(rehearsal.session.store, handle, { actor: 'test', decision, reason: 'the contract' });
          }
          const { outcome, orphans } = await end(handle);
          expect({ step: steps[failing]?.title, outcome, orphans }).toEqual({
            step: steps[failing]?.title,
            outcome: failing < noReturn ? 'rolled-back' : 'retired',
            orphans: [],
          });
          await expectOneWorking();
        }
      });

      expect(consumer.failed).toBe(0);
      expect(consumer.probes).toBeGreaterThan(steps.length);
    }, 600_000); // as many rotations as there are steps: 80 s for SFTP on an idle machine

    it('never waits in an emergency: every earlier value is refused and a new one is in force', async () => {
      const handle = await beginAndWait();
      const before_ = scenario.working();

      await handle.signal(emergencyRevoke, { actor: 'test', reason: 'it leaked' });

      expect(await end(handle)).toMatchObject({ outcome: 'replaced', oldCredential: descriptor.refusal ?? 'refused' });
      expect(scenario.working().filter((value) => before_.includes(value))).toEqual([]);
      await expectOneWorking();
    });

    it('keeps every secret out of the history, the ledger and every file of Temporal', async () => {
      const handle = await begin();
      await end(handle);
      const history = JSON.stringify(await rehearsal.client.workflow.getHandle(handle.workflowId).fetchHistory());
      const ledger = JSON.stringify(await rehearsal.session.store.ledger());

      for (const secret of scenario.secrets()) {
        const forms = [secret, Buffer.from(secret).toString('base64').replace(/=+$/, '')];
        for (const form of forms) expect(history.includes(form) || ledger.includes(form)).toBe(false);
      }
      expect(await findSecrets(rehearsal.playground.dataDir, scenario.secrets())).toEqual([]);
      expect(await readFile(join(rehearsal.playground.dataDir, 'temporal.db'))).not.toHaveLength(0);
    });
  });
}
