import { fastClock } from './clock.js';
import { join } from 'node:path';
import { pino } from 'pino';
import { installRuntime } from '../../workers/rotation-worker.js';
import { progress } from '../../workflows/rotation/messages.js';
import type { Duration } from '../domain/duration.js';
import type { Progress, RotationReport } from '../domain/rotation.js';
import { UsageError } from '../operations/session/refusals.js';
import { inputOf } from '../../workers/compose.js';
import { startRotation } from '../operations/rotate/start-rotation.js';
import { findTemporalBinary } from '../temporal/binary.js';
import { findSecrets } from './canary.js';
import { type Consumer, startConsumer } from './consumer.js';
import { createPlayground } from './playground.js';
import { type Rehearsal, startRehearsal } from './rehearsal.js';
import type { Scenario } from './scenario.js';
import { scenarios } from './scenarios/index.js';
import { type Defer, withCleanup } from './with-cleanup.js';

export interface DemoReport {
  readonly procedure: string;
  readonly outcome: RotationReport['outcome'];
  readonly steps: readonly { readonly title: string; readonly outcome: string; readonly ms: number }[];
  /** Uses of the engine every 100 ms while its credential was rotated. */
  readonly consumer: Pick<Consumer, 'probes' | 'failed' | 'failedInGap'>;
  readonly oldCredential: RotationReport['oldCredential'];
  /** Secrets of the scenario found in Temporal's database and in any log. */
  readonly secretsFoundInTemporal: number;
  readonly seconds: number;
}

export interface DemoOptions {
  readonly procedure: string;
  readonly grace: Duration;
  readonly onLine: (line: string) => void;
  readonly onProgress: (progress: Progress) => void;
  /** Ends the demo early, also without leaving anything behind. */
  readonly interruption?: AbortSignal | undefined;
  /** Called when the rotation has ended. */
  readonly onEnd: () => Promise<void>;
}

/**
 * Rotates a credential of simulated systems on a Temporal server of its own, while a simulated user uses the engine all the time.
 * Connects only to loopback, and leaves nothing behind.
 */
export async function runDemo({ onProgress, ...options }: DemoOptions): Promise<DemoReport> {
  const { played, ...found } = await rehearsed(options, (rehearsal, scenario, release) =>
    play(rehearsal, { scenario, onProgress }, release),
  );
  return { procedure: options.procedure, ...played, ...found };
}

type Performance<T> = (rehearsal: Rehearsal, scenario: Scenario, defer: Defer) => Promise<T>;

export interface Rehearsed<T> {
  readonly played: T;
  /** Secrets of the scenario found in Temporal's database and in any log. */
  readonly secretsFoundInTemporal: number;
  readonly seconds: number;
}

/** Sets up a procedure's scenario with everything Keyturn needs, runs `perform` on it, and then searches for leaked secrets. */
export async function rehearsed<T>(
  { procedure, grace, onLine, onEnd, interruption }: Omit<DemoOptions, 'onProgress'>,
  perform: Performance<T>,
): Promise<Rehearsed<T>> {
  const start = scenarios[procedure];
  if (!start) throw unknownProcedure(procedure);
  const binary = await findTemporalBinary({ report: onLine });
  const begun = Date.now();
  interruption?.throwIfAborted();
  return withCleanup(async (defer) => {
    // The simulated systems' clock runs fast: providers report uses in whole seconds and minutes, which would take too long to watch.
    const scenario = await start({ clock: fastClock(1000), latencyMs: 5, lifetime: grace });
    defer(() => scenario.stop());
    for (const [name, { url }] of Object.entries(scenario.systems)) onLine(`Simulated ${name}: ${url}`);
    const playground = await createPlayground(scenario, { grace });
    defer(playground.remove);
    installRuntime(pino(pino.destination({ dest: join(playground.dataDir, 'keyturn.log'), sync: true })));

    const rehearsal = { scenario, playground, binary, report: onLine };
    const played = await withCleanup(
      async (release) => perform(await startRehearsal(rehearsal, release), scenario, release),
      interruption,
    );
    await onEnd();
    const secretsFoundInTemporal = await countSecrets(playground.dataDir, scenario);
    return { played, secretsFoundInTemporal, seconds: (Date.now() - begun) / 1000 };
  });
}

type Played = Pick<DemoReport, 'outcome' | 'steps' | 'consumer' | 'oldCredential'>;

/** One rotation, while a simulated user uses the engine every 100 ms. */
async function play(
  rehearsal: Rehearsal,
  { scenario, onProgress }: { scenario: Scenario; onProgress: DemoOptions['onProgress'] },
  defer: Defer,
): Promise<Played> {
  const consumer = startConsumer(() => scenario.consume(), 100, scenario.gaps);
  defer(() => consumer.stop());
  const { report, steps } = await rotate(rehearsal, scenario.credential, onProgress);
  await consumer.stop();
  const { probes, failed, failedInGap } = consumer;
  return {
    outcome: report.outcome,
    steps,
    consumer: { probes, failed, failedInGap },
    oldCredential: report.oldCredential,
  };
}

async function rotate({ client, session }: Rehearsal, credential: string, onProgress: DemoOptions['onProgress']) {
  const request = { actor: 'demo', trigger: 'manual', reason: 'to show it' } as const;
  const { handle } = await startRotation(session, client, inputOf(credential, request));
  const ended = handle.result();
  let over = false;
  void ended.finally(() => (over = true)).catch(() => undefined);
  while (!over) {
    onProgress(await handle.query(progress));
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 100))]);
  }
  const last = await handle.query(progress);
  onProgress(last);
  const steps = last.steps.map(({ title, outcome, state, startedAt, endedAt }) => ({
    title,
    outcome: outcome ?? state,
    ms: (endedAt ?? startedAt) - startedAt,
  }));
  return { report: await ended, steps };
}

/** Counts leaked secrets. Searches first for the workflow's id, which is in Temporal's database in clear, to show that the search works. */
async function countSecrets(dataDir: string, scenario: Scenario): Promise<number> {
  const control = await findSecrets(dataDir, [`/rotation/${scenario.credential}`]);
  if (control.length === 0) throw new Error('the search for secrets cannot read the content of the database');
  return (await findSecrets(dataDir, scenario.secrets())).reduce((sum, leak) => sum + leak.secrets, 0);
}

export function unknownProcedure(id: string): UsageError {
  return new UsageError(`There is no procedure "${id}"`, {
    state: 'Nothing was started.',
    next: `Choose one of: ${Object.keys(scenarios).join(', ')}`,
  });
}
