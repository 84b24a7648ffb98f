import { randomUUID } from 'node:crypto';
import { ActivityFailure, ApplicationFailure, CancelledFailure, RetryState } from '@temporalio/common';
import fc from 'fast-check';
import { runDirectly } from '../../activities/shared/scope.js';
import { toFailure } from '../../activities/shared/to-failure.js';
import type { Call } from '../../src/domain/call.js';
import type { Decision } from '../../src/domain/rotation.js';
import { createPlayground } from '../../src/lab/playground.js';
import { withCleanup } from '../../src/lab/with-cleanup.js';
import { adopt } from '../../src/operations/setup/adopt.js';
import { openSession, type Session, workflowOf } from '../../src/operations/session/session.js';
import { inputOf } from '../../workers/compose.js';
import { judge } from '../../src/crash-test/judge.js';
import type { Fixture } from '../../src/crash-test/fixture.js';
import { startFixture } from '../../src/crash-test/fixtures/index.js';
import { startTimeline, type Timeline } from '../../src/crash-test/timeline.js';
import { close, type Ending } from '../../workflows/rotation/close.js';
import { containAndReplace } from '../../workflows/rotation/emergency.js';
import { inboxOf, type Inbox } from '../../workflows/rotation/messages.js';
import { forward, rollBack } from '../../workflows/rotation/phases.js';
import { RotationRun } from '../../workflows/rotation/run.js';
import { Exit } from '../../workflows/rotation/step-failure.js';
import type { Runtime } from '../../workflows/rotation/runtime.js';

// The real runner, activities, store and simulated systems, with Temporal left out: what Temporal may do to a call is chosen at random.
const troubles = [
  'none',
  'answer lost',
  'never sent',
  'unavailable',
  'rejected',
  'two attempts at once',
  'an old call again',
  'emergency',
] as const;
type Trouble = (typeof troubles)[number];

/** Mostly nothing happens; how often something does is what the weights say. */
const script = fc.record({
  troubles: fc.array(
    fc.oneof(
      { weight: 5, arbitrary: fc.constant<Trouble>('none') },
      { weight: 2, arbitrary: fc.constantFrom(...troubles) },
    ),
    { minLength: 10, maxLength: 45 },
  ),
  answers: fc.array(fc.constantFrom('retry', 'roll-back', 'skip', 'abandon'), { minLength: 4, maxLength: 12 }),
});

interface Actors {
  readonly fixture: Fixture;
  readonly session: Session;
  readonly inbox: Inbox;
  readonly timeline: Timeline;
  readonly writer: { readonly workflowId: string; readonly runId: string };
}

const faultOf = {
  'answer lost': 'reset-after',
  'never sent': 'reset-before',
  unavailable: { status: 503, body: '' },
  rejected: { status: 400, body: '' },
} as const;

function createRuntime(
  actors: Actors,
  { troubles: queue, answers }: { troubles: Trouble[]; answers: string[] },
): Runtime {
  const { fixture, session, inbox, writer, timeline } = actors;
  const made: Call[] = [];
  let calls = 0;
  let offsetMs = 0;

  async function once(call: Call, key: string): Promise<unknown> {
    const activity = session.activities[call.activity];
    if (!activity) throw new Error(`no activity ${call.activity}`);
    try {
      return await runDirectly(writer, () => activity(...(call.args as never[])), { key });
    } finally {
      timeline.look(); // here a value may live for less than the time between two looks
    }
  }
  async function troubled(trouble: Trouble, call: Call, key: string): Promise<unknown> {
    if (trouble in faultOf) {
      const kind = faultOf[trouble as keyof typeof faultOf];
      const method = /\.create(Key)?$/.test(call.activity) || call.activity.endsWith('Settings') ? 'POST' : '*';
      const path = method === 'POST' && call.activity.endsWith('Settings') ? '/api/settings/{key}' : '*';
      for (const { faults } of fixture.systems) faults.add({ method, path, kind });
    }
    if (trouble === 'emergency') inbox.emergencies.push({ actor: 'ada', reason: 'it leaked' });
    if (trouble === 'an old call again' && run?.phase !== 'retire') {
      // after the last look at the setting nobody could notice in time
      const old = made[made.length % 5];
      if (old) await once(old, 'late').catch(() => undefined);
    }
    if (trouble === 'two attempts at once') await Promise.allSettled([once(call, key), once(call, key)]);
    return once(call, key);
  }
  return {
    async execute<R>(call: Call<R>): Promise<R> {
      if (runtime.calledOff?.()) throw new CancelledFailure('called off');
      const key = `call-${++calls}`;
      made.push(call);
      for (let attempt = 1; ; attempt++) {
        try {
          return (await troubled(queue.shift() ?? 'none', call, key)) as R;
        } catch (error) {
          const failure = toFailure(error);
          const lasting = failure instanceof ApplicationFailure && failure.nonRetryable;
          if (lasting || attempt === 5)
            throw new ActivityFailure(
              'failed',
              call.activity,
              key,
              RetryState.MAXIMUM_ATTEMPTS_REACHED,
              undefined,
              failure,
            );
        } finally {
          for (const { faults } of fixture.systems) faults.clear();
        }
      }
    },
    now: () => Date.now() + offsetMs,
    newId: randomUUID,
    async wait(wake, deadline) {
      if (wake()) return;
      if (deadline !== undefined) offsetMs += Math.max(0, deadline - runtime.now());
      const choices = run?.waiting?.choices ?? [];
      const decision =
        choices.find((choice) => choice === answers[0]) ?? (answers.length === 0 ? 'abandon' : undefined);
      answers.shift();
      const question = run?.waiting?.id ?? '';
      const tell = (told: Decision, reason: string) =>
        inbox.answers.set(question, { question, actor: 'ada', decision: told, reason });
      if (decision && run?.waiting?.for === 'operator') tell(decision, 'at random');
      else if (deadline === undefined) tell('abandon', 'at last');
    },
    show: () => undefined,
    calledOff: () => inbox.emergencies.length > 0 && inbox.handled === 0,
  };
}

let runtime: Runtime;
let run: RotationRun | undefined;

/** What workflows/rotation/define.ts does with Temporal's scopes. */
async function rotate(rotation: RotationRun, inbox: Inbox): Promise<Ending> {
  const ending = await planned(rotation);
  if (inbox.emergencies.length === 0) return ending;
  inbox.handled = inbox.emergencies.length;
  rotation.undo.length = 0;
  return containAndReplace(rotation, Promise.resolve());
}

async function planned(rotation: RotationRun): Promise<Ending> {
  try {
    await forward(rotation);
    return { outcome: 'retired' };
  } catch (error) {
    const leave = exitOf(error);
    if (!rotation.opened || leave.to === 'lost') return { outcome: 'failed', why: leave.message };
    if (leave.to === 'abandon' || rotation.pastNoReturn) return { outcome: 'abandoned', why: leave.message };
    if (rotation.inbox.emergencies.length > 0) return { outcome: 'abandoned' };
    try {
      await rollBack(rotation, leave.message);
      return { outcome: 'rolled-back' };
    } catch (again) {
      return { outcome: 'abandoned', why: exitOf(again).message };
    }
  }
}

function exitOf(error: unknown): Exit {
  if (error instanceof Exit) return error;
  if (error instanceof CancelledFailure) return new Exit('emergency', 'called off');
  throw error;
}

it('never leaves the engine without a working value, deletes what is not ours, loses a value or proves what is not so', async () => {
  await fc.assert(
    fc.asyncProperty(script, (chosen) =>
      withCleanup(async (defer) => {
        const fixture = await startFixture('openai-api-key');
        defer(() => fixture.scenario.stop());
        const { credential, adopted } = fixture.scenario;
        const playground = await createPlayground(fixture.scenario, { grace: '0 seconds', giveUpAfter: '1 second' });
        defer(playground.remove);
        const session = await openSession({ file: playground.file, create: true });
        defer(() => session.close());
        const timeline = startTimeline(fixture.scenario);
        defer(async () => timeline.stop());
        await adopt(session, { credential, parts: adopted, soleUser: true, actor: 'ada' });
        const inbox = inboxOf();
        const writer = { workflowId: `rotation/${credential}`, runId: 'run-1' };
        const input = inputOf(credential, { actor: 'ada', trigger: 'manual', reason: 'a property' });
        runtime = createRuntime(
          { fixture, session, inbox, writer, timeline },
          { troubles: [...chosen.troubles], answers: [...chosen.answers] },
        );
        run = new RotationRun(workflowOf(session.config, credential), input, { runtime, inbox });

        const ending = await rotate(run, inbox);
        const report = run.opened ? await close(run, ending).catch(() => null) : null;
        timeline.stop();

        const scene = {
          fixture,
          store: session.store,
          credential,
          timeline,
          condemned: new Set<string>(),
          report,
          edited: true,
          stranded: false,
          calledOff: false,
        };
        const judged = await judge(scene);
        const { lostSecrets, wrongDeletions, falseProofs } = judged;
        expect({ lostSecrets, wrongDeletions, falseProofs, problems: judged.problems }).toMatchObject({
          ...{ lostSecrets: 0, wrongDeletions: 0, falseProofs: 0 },
        });
        if (inbox.emergencies.length === 0) expect(timeline.outageMs()).toBe(0);
      }),
    ),
    { numRuns: 12, endOnFailure: true },
  );
}, 90_000);
