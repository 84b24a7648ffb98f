import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { WorkflowHandle } from '@temporalio/client';
import type { RotationPolicy, RotationReport } from '../../src/domain/rotation.js';
import { createPlayground, type Playground } from '../../src/lab/playground.js';
import { type Rehearsal, startRehearsal } from '../../src/lab/rehearsal.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { inputOf } from '../../src/operations/session.js';
import { startRotation } from '../../src/operations/start-rotation.js';
import { findTemporalBinary } from '../../src/temporal/binary.js';
import type { Activities } from '../../workers/registered.js';

export interface TestRehearsal extends Rehearsal {
  readonly playground: Playground;
  /** Starts a rotation of the scenario's credential. */
  begin(policy?: Partial<RotationPolicy>): Promise<WorkflowHandle>;
  report(handle: WorkflowHandle): Promise<RotationReport>;
  stop(): Promise<void>;
}

/** Keyturn at work on a scenario, for one test file: no grace and no patience unless a test asks for them. */
export async function rehearse(
  scenario: Scenario,
  around: (activities: Activities) => Activities = (activities) => activities,
): Promise<TestRehearsal> {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const releases: (() => Promise<void>)[] = [];
  const playground = await createPlayground(scenario, { grace: '0 seconds', patience: '0 seconds' });
  const binary = await findTemporalBinary({ report: () => undefined });
  const rehearsal = await startRehearsal({ scenario, playground, binary, around }, (release) => releases.push(release));
  const { session, client } = rehearsal;
  const { credential } = scenario;
  return {
    ...rehearsal,
    playground,
    async begin(policy = {}) {
      const input = inputOf(session.config, credential, { actor: 'test', trigger: 'manual', reason: 'a test' });
      const changed = { ...input, policy: { ...input.policy, ...policy } };
      return (await startRotation(session, client, changed)).handle;
    },
    report: (handle) => handle.result() as Promise<RotationReport>,
    async stop() {
      for (const release of releases.reverse()) await release();
      await playground.remove();
      await scenario.stop();
    },
  };
}
