import { lookId, taskQueueOf } from '../../src/domain/temporal-names.js';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { pino } from 'pino';
import { ApplicationFailure } from '@temporalio/common';
import type { Seen } from '../../activities/verification/look.js';
import { fastClock } from '../../src/lab/clock.js';
import { createPlayground } from '../../src/lab/playground.js';
import { startRehearsal } from '../../src/lab/rehearsal.js';
import { scenarios } from '../../src/lab/scenarios/index.js';
import { withCleanup } from '../../src/lab/with-cleanup.js';
import { triggerSchedule } from '../../src/operations/schedules/schedule-control.js';
import { inputOf } from '../../workers/compose.js';
import { startRotation } from '../../src/operations/rotate/start-rotation.js';
import { findTemporalBinary } from '../../src/temporal/binary.js';
import type { Activities } from '../../workers/registered.js';
import type { VerificationInput } from '../../workflows/verification.js';
import { installRuntime } from '../../workers/rotation-worker.js';
import { recordWay, ways } from './ways.js';

// Records rotations that every later version of the code replays (histories.test.ts): one of every procedure, the ways
// that not every rotation takes, and what a schedule starts.
// Run it only for a new procedure or a new way through one. Old recordings stay: such rotations are running somewhere.
const folder = fileURLToPath(new URL('../../../test/histories/', import.meta.url));
installRuntime(pino({ level: 'silent' }));

// Records the names on the command line; without names, everything.
const wanted = (name: string): boolean => process.argv.length === 2 || process.argv.includes(name);

for (const [id, start] of Object.entries(scenarios)) {
  if (!wanted(id)) continue;
  await withCleanup(async (defer) => {
    const scenario = await start({ clock: fastClock(1000) });
    defer(() => scenario.stop());
    const playground = await createPlayground(scenario, { grace: '1 second' });
    defer(playground.remove);
    const binary = await findTemporalBinary({ report: () => undefined });
    const { client, session } = await startRehearsal({ scenario, playground, binary }, defer);
    const { credential } = scenario;
    const input = inputOf(credential, { actor: 'recorder', trigger: 'manual', reason: 'to record it' });
    const { handle } = await startRotation(session, client, input);
    await handle.result();
    await keep(id, handle);
    if (id !== 'openai-api-key') return; // a schedule starts the same for every procedure
    const order = { credential, actor: 'recorder', reason: 'to record it' };
    const scheduled = client.workflow.getHandle(await triggerSchedule(session, client, order));
    await scheduled.result();
    await keep('scheduled-rotation', scheduled);
    await client.workflow.getHandle(handle.workflowId).result();
  });
}

for (const name of Object.keys(ways)) if (wanted(name)) await recordWay(name, keep);

/**
 * A look that makes the engine reload, and another one that sees whether it helped. Then a run in which nothing can be
 * seen.
 */
if (wanted('verify-in-force'))
  await withCleanup(async (defer) => {
    const scenario = await scenarios['openai-api-key']!({ clock: fastClock(1000), credentialChecks: true });
    defer(() => scenario.stop());
    const playground = await createPlayground(scenario, { grace: '0 seconds' });
    defer(playground.remove);
    const binary = await findTemporalBinary({ report: () => undefined });
    const { client, session } = await startRehearsal({ scenario, playground, binary, around: suspicious() }, defer);
    const { installation } = session.store;
    const input: VerificationInput = { engine: 'docs', withinMs: 1000 };
    const options = { workflowId: lookId(installation, 'docs'), taskQueue: taskQueueOf(installation), args: [input] };
    const handle = await client.workflow.start('verifyInForce', options);
    await handle.result();
    await keep('verify-in-force', handle);
  });

/** The first look finds something to heal. The next look fails. */
function suspicious(): (activities: Activities) => Activities {
  let looks = 0;
  return (activities) => ({
    ...activities,
    async 'verification.lookAt'(credential: string) {
      if ((looks += 1) > 1) throw ApplicationFailure.nonRetryable('the engine cannot be reached', 'Unavailable');
      const seen = (await activities['verification.lookAt']?.(credential as never)) as Seen;
      return { ...seen, heal: true, againMs: 10 };
    },
    'verification.heal': async (credential: string) => ({ credential, why: null }),
  });
}

async function keep(name: string, handle: Pick<WorkflowHandle, 'fetchHistory'>): Promise<void> {
  const file = `${folder}${name}.${new Date().toISOString().slice(0, 10)}.json`;
  await writeFile(file, `${JSON.stringify(JSON.parse(historyToJSON(await handle.fetchHistory())), withoutMachine, 1)}\n`);
  process.stdout.write(`recorded ${file}\n`);
}

/** Leaves out what a replay does not read, and what tells of the machine that recorded it. */
function withoutMachine(key: string, value: unknown): unknown {
  if (key === 'stackTrace') return undefined;
  return key === 'identity' ? 'recorder' : value;
}
