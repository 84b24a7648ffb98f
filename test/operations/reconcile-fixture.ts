import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { WorkflowHandle } from '@temporalio/client';
import { fastClock } from '../../src/lab/clock.js';
import type { DocuElevateLab } from '../../src/lab/docuelevate/server.js';
import type { OpenAiLab } from '../../src/lab/openai/server.js';
import { createPlayground, type Playground } from '../../src/lab/playground.js';
import { type Rehearsal, startRehearsal } from '../../src/lab/rehearsal.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { startOpenAiApiKey } from '../../src/lab/scenarios/openai-api-key.js';
import { type Consent, reconcile, type Reconciliation } from '../../src/operations/reconcile/reconcile.js';
import { inputOf } from '../../workers/compose.js';
import { hasten } from '../../src/operations/rotate/steer.js';
import { startRotation } from '../../src/operations/rotate/start-rotation.js';
import { findTemporalBinary } from '../../src/temporal/binary.js';
import type { Progress, RotationReport } from '../../src/domain/rotation.js';
import { progress } from '../../workflows/rotation/messages.js';
import type { Activities } from '../../workers/registered.js';
import { releaseAll } from '../support/rehearsal.js';

/** Simulated systems, a real store and a real Temporal server, which can all be stopped and started again on the same data. */
export interface Fixture {
  readonly scenario: Scenario;
  readonly openai: OpenAiLab;
  readonly docuelevate: DocuElevateLab;
  readonly playground: Playground;
  /** Stands before every activity of the workers. */
  before: (activity: string) => void | Promise<void>;
  rehearsal(): Rehearsal;
  start(): Promise<Rehearsal>;
  stop(): Promise<void>;
  rotate(graceMs?: number): Promise<WorkflowHandle>;
  /** A wait in progress is to last so much longer, in milliseconds, or to end now (null). */
  hasten(handle: WorkflowHandle, byMs: number | null): Promise<void>;
  ended(handle: WorkflowHandle): Promise<RotationReport>;
  progress(handle: WorkflowHandle): Promise<Progress>;
  reconcile(consent?: boolean | Consent): Promise<Reconciliation>;
  close(): Promise<void>;
}

export async function startFixture(
  furnish: (scenario: Scenario) => Scenario | Promise<Scenario> = (scenario) => scenario,
): Promise<Fixture> {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const scenario = await furnish(await startOpenAiApiKey({ clock: fastClock(1000) }));
  const playground = await createPlayground(scenario, { grace: '0 seconds', giveUpAfter: '0 seconds' });
  const binary = await findTemporalBinary({ report: () => undefined });
  const credential = scenario.credential;
  let running: Rehearsal | null = null;
  let releases: (() => Promise<void>)[] = [];
  const around = (activities: Activities): Activities =>
    Object.fromEntries(
      Object.entries(activities).map(([name, activity]) => [
        name,
        async (...args) => {
          await fixture.before(name);
          return activity(...args);
        },
      ]),
    );
  const rehearsal = (): Rehearsal => {
    if (!running) throw new Error('nothing is running');
    return running;
  };
  const fixture: Fixture = {
    scenario,
    playground,
    openai: scenario.systems['openai'] as OpenAiLab,
    docuelevate: scenario.systems['docuelevate'] as DocuElevateLab,
    before: () => undefined,
    rehearsal,
    async start() {
      running = await startRehearsal({ scenario, playground, binary, around }, (release) => releases.push(release));
      return running;
    },
    async stop() {
      await releaseAll(releases, playground);
      [releases, running] = [[], null];
    },
    async rotate(graceMs = 0) {
      const { session, client } = rehearsal();
      const input = inputOf(credential, { actor: 'test', trigger: 'manual', reason: 'a test' });
      const { handle } = await startRotation(session, client, { ...input, graceMs });
      return handle;
    },
    hasten: (handle, byMs) => hasten(rehearsal().session, handle, { credential, actor: 'test', byMs }),
    ended: (handle) => handle.result() as Promise<RotationReport>,
    progress: (handle) => handle.query(progress),
    reconcile(consent = true) {
      const { session, client } = rehearsal();
      const agree: Consent = typeof consent === 'boolean' ? async () => consent : consent;
      return reconcile({ session, client, credential, actor: 'ada', onStep: () => undefined }, agree);
    },
    async close() {
      await fixture.stop();
      await playground.remove();
      await scenario.stop();
    },
  };
  return fixture;
}
