import { setTimeout as delay } from 'node:timers/promises';
import type { Decision, Progress, RotationOutcome, RotationReport, Waiting } from '../domain/rotation.js';
import { startConsumer } from '../lab/consumer.js';
import { type Defer, withCleanup } from '../lab/with-cleanup.js';
import { decideOn } from '../operations/rotate/steer.js';
import { progress } from '../../workflows/rotation/messages.js';
import { keyturnNeedsOperator } from '../../workflows/search-attributes.js';
import type { CrashCase, Flow } from './cases.js';
import type { Fault } from './fault.js';
import { judge, type Judgement, type Scene } from './judge.js';
import type { Assignment } from './setback.js';
import type { Fixture } from './fixture.js';
import { startFixture } from './fixtures/index.js';
import { type Job, openSandbox, type Sandbox, until } from './sandbox.js';
import { startTimeline } from './timeline.js';

export interface CaseVerdict extends Judgement {
  readonly id: string;
  readonly procedure: string;
  readonly outcome: RotationOutcome | 'none';
  /** The case did not do its job: the fault did not happen, or the harness itself failed. It shows nothing. */
  readonly missed: boolean;
  readonly consumerFailures: number;
  /** How long the engine held nothing that works: above 0 only in an emergency and in a gap. */
  readonly outageMs: number;
  /** How long the engine held halves of two values, each time. */
  readonly gapsMs: readonly number[];
  readonly seconds: number;
}

const endMs = 90_000; // a busy machine is slow
const lateMs = 15_000; // for a frozen attempt to end
const usual: Readonly<Record<Flow, RotationOutcome>> = {
  planned: 'retired',
  'roll-back': 'rolled-back',
  emergency: 'replaced',
};

/** Plays one case on its own simulated systems, and judges the result. */
export async function runCase(job: Job, crash: CrashCase, without?: Assignment['without']): Promise<CaseVerdict> {
  const begun = Date.now();
  const { id, procedure } = crash;
  const judged = await withCleanup((defer) => play(job, { crash, without }, defer)).catch((error: unknown) => ({
    ...{
      lostSecrets: 0,
      wrongDeletions: 0,
      falseProofs: 0,
      unlistedOrphans: 0,
      consumerFailures: 0,
      outageMs: 0,
      gapsMs: [],
    },
    ...{ outcome: 'none' as const, missed: true, problems: [`the case itself failed: ${String(error)}`] },
  }));
  return { id, procedure, ...judged, seconds: (Date.now() - begun) / 1000 };
}

interface Playing {
  readonly crash: CrashCase;
  readonly without: Assignment['without'];
}

async function play(
  job: Job,
  { crash: { procedure, boundary, fault, setback, strands }, without }: Playing,
  defer: Defer,
): Promise<Omit<CaseVerdict, 'id' | 'procedure' | 'seconds'>> {
  const { flow } = boundary;
  const fixture = await startFixture(procedure);
  defer(() => fixture.scenario.stop());
  const timeline = startTimeline(fixture.scenario);
  defer(async () => timeline.stop());
  const sandbox = await openSandbox(job, { fixture, flow, setback, without, graceMs: fault.graceMs }, defer);
  const consumer = startConsumer(() => fixture.scenario.consume(), 100, fixture.scenario.gaps);
  defer(() => consumer.stop());

  const { report, problems, missed } = await perform(sandbox, fault);

  await consumer.stop();
  timeline.stop();
  const [{ condemned }, stranded] = [sandbox, strands === 'for good'];
  const judgement = await judge(sceneOf(sandbox, fault, { timeline, report, stranded }));
  const excused = condemned.size > 0 || strands !== null; // contain first: an emergency may cost an outage
  const consumerFailures = excused ? 0 : consumer.failed;
  const failures = `${consumerFailures} of ${consumer.probes} uses of the engine failed`;
  return {
    ...judgement,
    problems: [
      ...problems,
      ...wrongEnd(
        report,
        condemned.size > 0 ? ['replaced', ...contained(fault)] : rightEnds(flow, fault, back(report, fixture)),
      ),
      ...(consumerFailures > 0 ? [failures] : []),
      ...(stranded ? [] : await useAfterwards(fixture, report, fault)),
      ...judgement.problems,
    ],
    ...{ outcome: report?.outcome ?? 'none', missed, consumerFailures, outageMs: timeline.outageMs() },
    gapsMs: gapsOf(fixture),
  };
}

function rightEnds(flow: Flow, { ends = [] }: Fault, others: readonly RotationOutcome[]): RotationOutcome[] {
  return [usual[flow], ...ends, ...others];
}

/** After a rotation that says it is through, everybody who uses the value can go on. */
async function useAfterwards({ scenario }: Fixture, report: RotationReport | null, fault: Fault): Promise<string[]> {
  if (!report || fault.edited || ['abandoned', 'contained', 'failed'].includes(report.outcome)) return [];
  return (await scenario.consume()) ? [] : [`a use after it ended as ${report.outcome} fails`];
}

function gapsOf({ scenario: { gaps } }: Fixture): number[] {
  const now = Date.now();
  return (gaps?.() ?? []).map(({ from, to }) => Math.min(to, now) - from);
}

function sceneOf(sandbox: Sandbox, fault: Fault, seen: Pick<Scene, 'timeline' | 'report' | 'stranded'>): Scene {
  const { fixture, session, condemned } = sandbox;
  const { credential } = fixture.scenario;
  const edited = fault.edited ?? false;
  return {
    fixture,
    store: session.store,
    credential,
    condemned,
    edited,
    calledOff: calledOff(sandbox, fault),
    ...seen,
  };
}

function calledOff({ worker: { ended, frozenAt } }: Sandbox, { act }: Fault): boolean {
  return act === 'stop' && ended[frozenAt]?.outcome === 'failed';
}

/** A rotation that rolls back for a reason that its provider gives has ended well. */
function back(report: RotationReport | null, { goesBack }: Fixture): RotationOutcome[] {
  return goesBack?.test(report?.why ?? '') ? ['rolled-back'] : [];
}

/** How an emergency may end besides the usual way: never as if there had been none. */
function contained({ ends = [] }: Fault): RotationOutcome[] {
  return ends.filter((end) => end === 'contained' || end === 'abandoned');
}

function wrongEnd(report: RotationReport | null, right: readonly RotationOutcome[]): string[] {
  if (!report || right.includes(report.outcome)) return [];
  return [`it ended as ${report.outcome}: ${report.why ?? 'without a reason'}`];
}

/** Plays the rotation and the fault, to the end of both and of what came late. */
async function perform(sandbox: Sandbox, fault: Fault): Promise<Watched & Pick<CaseVerdict, 'missed'>> {
  const happening = fault.play(sandbox).then(
    () => [],
    (error: unknown) => [`the fault did not happen: ${String(error)}`],
  );
  const { report, problems } = await watch(sandbox, fault);
  sandbox.over = true;
  const late = fault.act === 'stop' ? lateAttempt : async () => [];
  const misses = await happening;
  return { report, missed: misses.length > 0, problems: [...problems, ...misses, ...(await late(sandbox))] };
}

interface Watched {
  readonly report: RotationReport | null;
  readonly problems: readonly string[];
}

/** Waits for the end. Answers as a person would when the rotation asks for a true reason. */
async function watch(sandbox: Sandbox, fault: Fault): Promise<Watched> {
  let asked = 0;
  for (const deadline = Date.now() + endMs; Date.now() < deadline; await delay(50)) {
    const seen = await sandbox.handle.describe().catch(() => null); // Temporal may be away just now
    if (seen && seen.status.name !== 'RUNNING') return ended(sandbox, seen.status.name);
    const needsOperator = seen?.typedSearchAttributes.get(keyturnNeedsOperator) === true;
    const waiting = needsOperator ? await question(sandbox) : null;
    if (!waiting) continue;
    const decision = decisionOf(fault, waiting, (question) => fault.decide?.(question, asked++, sandbox));
    if (!decision) return { report: null, problems: [`it waits without a true reason: ${waiting.why}`] };
    await answer(sandbox, waiting, decision);
  }
  return { report: null, problems: [await whyStuck(sandbox)] };
}

async function question(sandbox: Sandbox): Promise<Waiting | null> {
  const waiting = (await look(sandbox))?.waiting ?? null;
  return waiting?.for === 'operator' && waiting.task === undefined ? waiting : null; // somebody does every task
}

/** Undefined when the fault is no reason to ask this question. */
function decisionOf(
  { waits }: Fault,
  waiting: Waiting,
  decides: (waiting: Waiting) => Decision | undefined,
): Decision | undefined {
  return waits?.test(waiting.why) ? decides(waiting) : undefined;
}

async function ended({ handle }: Sandbox, status: string): Promise<Watched> {
  if (status === 'COMPLETED') return { report: await handle.result(), problems: [] };
  const why = await handle.result().then(() => '', causeOf);
  return { report: null, problems: [`the workflow is ${status}: ${why}`] };
}

/** The innermost reason. */
function causeOf(error: unknown): string {
  return error instanceof Error && error.cause ? causeOf(error.cause) : String(error);
}

function look({ handle }: Sandbox): Promise<Progress | null> {
  return handle.query(progress).catch(() => null);
}

/** Sends an answer. One that comes too late is refused, because the rotation has gone on. */
async function answer(
  { session, handle, fixture }: Sandbox,
  { id: question }: Waiting,
  decision: Decision,
): Promise<void> {
  const { credential } = fixture.scenario;
  const request = { credential, question, actor: 'harness', decision, reason: 'the case asks for it' };
  await decideOn(session, handle, request).catch(() => undefined);
}

async function whyStuck(sandbox: Sandbox): Promise<string> {
  const shown = await look(sandbox);
  const last = shown?.steps.at(-1);
  const where = last ? `last step: ${last.title}, ${last.state}` : 'no step is known';
  return `it did not end within ${endMs / 1000} s; ${where}; ${shown?.waiting?.why ?? 'it waits for nobody'}`;
}

/** A frozen worker goes on after everything is over. What it then does must not make anything worse. */
async function lateAttempt({ worker }: Sandbox): Promise<string[]> {
  const before = worker.frozenAt;
  worker.signal('SIGCONT');
  return until('the frozen attempt ends', () => worker.ended.length > before, lateMs).then(
    () => [],
    (error: unknown) => [String(error)],
  );
}
