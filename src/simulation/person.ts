import type { WorkflowHandle } from '@temporalio/client';
import type { Decision, Progress, RotationReport } from '../domain/rotation.js';
import { decide, emergencyRevoke, progress, retireNow } from '../../workflows/rotation/messages.js';
import type { RotationWorkflow } from '../../workflows/rotation/define.js';
import type { Simulation } from './engine.js';
import type { Random } from './random.js';
import type { SimTemporal } from './temporal.js';
import type { Plan } from './trouble.js';
import type { Truth } from './truth.js';

/** What a rotation says of a setting that somebody else has changed. */
const drift =
  /changed by a person|was changed since|does not show our value|setting-ours|still holds what we last wrote/;
const endMs = 24 * 3_600_000;
const lookMs = 400;
const untilNextMs = 30_000; // a grace, a pause
const patience = 5; // questions, before somebody gives up
const decisions: readonly Decision[] = ['retry', 'roll-back', 'skip', 'abandon'];

interface Surroundings {
  readonly sim: Simulation;
  readonly server: SimTemporal;
  readonly handle: WorkflowHandle<RotationWorkflow>;
  readonly truth: Truth;
  readonly random: Random;
  readonly plan: Plan;
}

interface Answer {
  readonly decision: Decision;
  /** What was asked; null where nobody was asked. */
  readonly why: string | null;
}

/** Somebody who looks at a rotation now and then, answers what it asks, and interferes. */
export class Person {
  readonly problems = new Set<string>();
  gaveUp = false;
  readonly #at: Surroundings;
  /** What was decided, by the question. */
  readonly #answers = new Map<string, Answer>();
  readonly #doing: Promise<void>[] = [];
  #asked = 0;

  constructor(at: Surroundings) {
    this.#at = at;
    at.server.onScheduled = (type, args) => this.#scheduled(type, args);
  }

  /** People act on their own, not within the process where the plan let them. */
  act(work: () => Promise<unknown>): void {
    const { sim } = this.#at;
    const done = new Promise<void>((resolve) =>
      sim.after(0, () => {
        work()
          .catch((error: unknown) => sim.note(`in vain: ${String(error)}`))
          .finally(resolve);
      }),
    );
    this.#doing.push(done);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#doing);
  }

  emergency(): void {
    const { truth, handle } = this.#at;
    this.act(async () => {
      truth.condemn();
      try {
        await handle.signal(emergencyRevoke, { actor: 'harness', reason: 'it leaked' });
        truth.condemn();
      } catch (error) {
        truth.pardon();
        throw error;
      }
    });
  }

  takeBack(): void {
    this.act(async () => {
      const { waiting }: Progress = await this.#at.handle.query(progress);
      if (!waiting) return;
      this.#answers.set(waiting.id, { decision: 'roll-back', why: null });
      await this.#decide('roll-back', waiting.id);
    });
  }

  endGrace(): void {
    this.act(() => this.#at.handle.executeUpdate(retireNow, { args: [{ actor: 'harness' }] }));
  }

  /** Until the rotation is over. Null when it did not end as a rotation does. */
  async watch(): Promise<RotationReport | null> {
    const { sim, server, handle } = this.#at;
    for (const until = sim.now + endMs; sim.now < until; await sim.sleep(lookMs)) {
      const execution = server.executions.get(handle.workflowId);
      if (!execution) throw new Error('the rotation was never started');
      if (execution.status === 'COMPLETED') return (await execution.result.promise) as RotationReport;
      if (execution.status !== 'RUNNING') {
        const why = await execution.result.promise.catch((error: unknown) => error);
        this.problems.add(`the workflow is ${execution.status}: ${String(why)}`);
        return null;
      }
      const needsOperator = [execution.shown.get('KeyturnNeedsOperator')].flat()[0] === true;
      if (needsOperator) await this.#answer().catch(() => undefined);
      else if (server.idle()) await sim.sleep(untilNextMs);
    }
    this.problems.add('it did not end within a day');
    return null;
  }

  async #answer(): Promise<void> {
    const { sim, handle, truth, plan } = this.#at;
    const { waiting }: Progress = await handle.query(progress);
    if (waiting?.for !== 'operator') return;
    const { why: title, choices, id } = waiting;
    const decision = this.#choose(choices, title);
    if (drift.test(title) && !truth.edited && !truth.darkByOthers)
      this.problems.add(`it says that somebody changed the setting, and nobody did: ${title}`);
    sim.note(`a person is asked "${title}" and says ${decision}`);
    if (plan.answerMs > 0) await sim.sleep(plan.answerMs);
    if (plan.wrongAnswers) await this.#answerWrongly(choices, id);
    this.#answers.set(id, { decision, why: title });
    const times = plan.doubleDecisions ? 2 : 1;
    await Promise.allSettled(Array.from({ length: times }, () => this.#decide(decision, id)));
    if (decision === 'abandon') this.gaveUp = true;
  }

  /** To the question before, to one that nobody asked, and with what is no choice. */
  async #answerWrongly(choices: readonly Decision[], question: string): Promise<void> {
    const earlier = [...this.#answers.keys()].filter((each) => each !== question);
    const noChoice = decisions.filter((each) => !choices.includes(each));
    const wrong: (readonly [Decision, string])[] = [
      ...[...earlier.slice(-1), 'a question of nobody'].map((other) => ['skip', other] as const),
      ...[...noChoice, 'perhaps' as Decision].map((each) => [each, question] as const),
    ];
    for (const [decision, about] of wrong) {
      const taken = await this.#decide(decision, about).then(
        () => true,
        () => false,
      );
      if (taken) this.problems.add(`"${decision}" was taken, which answers nothing that is asked`);
    }
  }

  async #decide(decision: Decision, question: string): Promise<void> {
    const request = { question, actor: 'harness', decision, reason: 'the plan' };
    await this.#at.handle.executeUpdate(decide, { args: [request] });
  }

  #choose(choices: readonly Decision[], why: string): Decision {
    const { truth, random } = this.#at;
    const lightly = truth.edited && truth.condemned.size === 0 && drift.test(why);
    if (lightly && choices.includes('skip')) return 'skip'; // a deletion asks for its own proof
    const given = (wanted: Decision): boolean => choices.includes(wanted);
    if (this.#asked++ > patience && given('abandon')) return 'abandon';
    const ways: Decision[] = random.chance(0.2) ? ['roll-back', 'retry'] : ['retry', 'roll-back'];
    return ways.find(given) ?? 'abandon';
  }

  /** A decision that goes on record has to be one that was given to this very question. What ends a wait early answers none. */
  #scheduled(type: string, [arg]: unknown[]): void {
    if (type !== 'versions.recordDecision') return;
    const { title, decision, question } = arg as { title: string; decision: Decision; question?: string };
    if (question === undefined) return;
    const given = this.#answers.get(question);
    if (given?.decision !== decision || given.why?.startsWith(title) === false)
      this.problems.add(`"${decision}" was taken for an answer about "${title}", which nobody was asked`);
  }
}
