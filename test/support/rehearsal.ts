import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { WorkflowHandle } from '@temporalio/client';
import { formatDuration } from '../../src/domain/duration.js';
import type { RotationPolicy, RotationReport } from '../../src/domain/rotation.js';
import { createPlayground, type Playground } from '../../src/lab/playground.js';
import { type Rehearsal, startRehearsal } from '../../src/lab/rehearsal.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { type Session } from '../../src/operations/session/session.js';
import { inputOf } from '../../workers/compose.js';
import { hasten } from '../../src/operations/rotate/steer.js';
import { startRotation } from '../../src/operations/rotate/start-rotation.js';
import { findTemporalBinary } from '../../src/temporal/binary.js';
import type { Activities } from '../../workers/registered.js';
import { killServer } from './temporal.js';

/**
 * Changes the policy of rotations in the loaded configuration. What is left out stays. Throws for what the
 * configuration does not say.
 */
export function configure(
  { config }: Pick<Session, 'config'>,
  credential: string,
  policy: Partial<RotationPolicy>,
): void {
  const entry = config.credentials[credential]!;
  const engine = config.engines[entry.engine]!;
  const { graceMs, giveUpAfterMs, pauseMs, drainMs, ...rest } = policy;
  if (Object.keys(rest).length > 0) throw new Error(`not told by the configuration: ${Object.keys(rest).join(', ')}`);
  Object.assign(entry, {
    ...(graceMs !== undefined && { grace: formatDuration(graceMs) }),
    ...(giveUpAfterMs !== undefined && { giveUpAfter: formatDuration(giveUpAfterMs) }),
    ...(pauseMs !== undefined && { pause: formatDuration(pauseMs) }),
  });
  if (drainMs !== undefined && 'jwt' in engine) Object.assign(engine.jwt, { tokenLifetime: formatDuration(drainMs) });
}

/** Ends what a rehearsal started, newest first. The server, which was started first, is killed. */
export async function releaseAll(
  [stopServer, ...others]: readonly (() => Promise<void>)[],
  { dataDir }: Pick<Playground, 'dataDir'>,
): Promise<void> {
  for (const release of others.reverse()) await release();
  await killServer(dataDir);
  await stopServer?.();
}

export interface TestRehearsal extends Rehearsal {
  readonly playground: Playground;
  /** Starts a rotation of the scenario's credential. */
  begin(policy?: Partial<RotationPolicy>): Promise<WorkflowHandle>;
  /** Extends a wait in progress by so many milliseconds, or ends it now (null). */
  hasten(handle: WorkflowHandle, byMs: number | null): Promise<void>;
  report(handle: WorkflowHandle): Promise<RotationReport>;
  stop(): Promise<void>;
}

/** Runs Keyturn on a scenario, for one test file: no grace and no give-up time unless a test asks for them. */
export async function rehearse(
  scenario: Scenario,
  around: (activities: Activities) => Activities = (activities) => activities,
): Promise<TestRehearsal> {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const releases: (() => Promise<void>)[] = [];
  const playground = await createPlayground(scenario, { grace: '0 seconds', giveUpAfter: '0 seconds' });
  const binary = await findTemporalBinary({ report: () => undefined });
  const rehearsal = await startRehearsal({ scenario, playground, binary, around }, (release) => releases.push(release));
  const { session, client } = rehearsal;
  const { credential } = scenario;
  const asWritten = structuredClone(session.config);
  return {
    ...rehearsal,
    playground,
    async begin(policy = {}) {
      Object.assign(session.config, structuredClone(asWritten)); // what a test asked for ends with that test
      configure(session, credential, { graceMs: 0, giveUpAfterMs: 0, ...policy });
      const input = inputOf(credential, { actor: 'test', trigger: 'manual', reason: 'a test' });
      return (await startRotation(session, client, input)).handle;
    },
    hasten: (handle, byMs) => hasten(session, handle, { credential, actor: 'test', byMs }),
    report: (handle) => handle.result() as Promise<RotationReport>,
    async stop() {
      await releaseAll(releases, playground);
      await playground.remove();
      await scenario.stop();
    },
  };
}
