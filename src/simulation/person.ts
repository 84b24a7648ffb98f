import type { Decision, Progress, Waiting } from '../domain/rotation.js';
import { openTasks } from '../lab/people.js';
import type { Session } from '../operations/session/session.js';
import { decideOn, hasten } from '../operations/rotate/steer.js';
import { emergencyRevoke, progress } from '../../workflows/rotation/messages.js';
import type { RotationWorkflow } from '../../workflows/rotation/define.js';
import { directCommand, emergencyCommand, type Terminal } from './commands.js';
import { runErrand } from './errands.js';
import type { Execution } from './execution.js';
import type { Random } from './random.js';
import type { SimTemporal } from './temporal.js';
import { type Rotation, type Subject, subjectOf } from './subject.js';
import type { Plan } from './trouble.js';

/** What a rotation says about a setting that somebody else has changed. */
const drift =
  /was (?:last )?changed by|was changed since|does not show our value|setting-ours|still holds what we last wrote|overrides the environment/;
/** What it says about a setting that still has what a rotation that was given up had put there. */
const left =
  /^The engine still holds what we last wrote: (?:\w+ holds version \d+ in place of version \d+, as Keyturn itself wrote it(?:; |$))+$/;
const endMs = 72 * 3_600_000; // after a grace, a rotation waits for uses that the provider may show a day late
const lookMs = 400;
const untilNextMs = 30_000; // during a grace or a pause
const untilUseMs = 3_600_000;
const mostQuestions = 5; // after this many questions, a person gives up
const decisions: readonly Decision[] = ['retry', 'roll-back', 'skip', 'abandon'];

interface Surroundings extends Terminal {
  readonly server: SimTemporal;
  readonly session: Session;
  readonly subjects: readonly Subject[];
  readonly random: Random;
  readonly plan: Plan;
}

/** A question, and the rotation that asks it. */
interface Question {
  readonly handle: Rotation;
  readonly credential: string;
  readonly question: string;
}

interface Answer {
  readonly decision: Decision;
  /** What was asked; null when the decision answers no question. */
  readonly why: string | null;
}

/** A person who looks at rotations now and then, answers their questions, and interferes. */
export class Person {
  readonly problems = new Set<string>();
  readonly #at: Surroundings;
  /** Decisions by question. */
  readonly #answers = new Map<string, Answer>();
  readonly #doing: Promise<void>[] = [];
  #errands = 0;
  #slots = 0;
  #usedAt: number;

  constructor(at: Surroundings) {
    this.#at = at;
    this.#usedAt = at.sim.now;
    at.server.onScheduled = (type, args) => this.#scheduled(type, args);
  }

  /** People act on their own, outside of the process where the plan strikes. */
  act(work: () => Promise<unknown>): void {
    this.later(0, work);
  }

  later(ms: number, work: () => Promise<unknown>): void {
    const { sim } = this.#at;
    this.#errands++;
    const done = new Promise<void>((resolve) =>
      sim.after(ms, () => {
        work()
          .catch((error: unknown) => sim.note(`in vain: ${String(error)}`))
          .finally(() => {
            this.#errands--;
            resolve();
          });
      }),
    );
    this.#doing.push(done);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#doing);
  }

  emergency(subject: Subject): void {
    const { handle, truth } = subject;
    this.#strike(subject, async (emergency) => {
      await handle.signal(emergencyRevoke, { actor: 'harness', reason: 'it leaked' });
      truth.condemn(emergency); // also what was created while the signal was on its way
    });
  }

  emergencyCommand(subject: Subject): void {
    this.#strike(subject, () => emergencyCommand(this.#at, subject.credential));
  }

  directCommand(subject: Subject): void {
    this.#strike(subject, async () => subject.ends.add(await directCommand(this.#at, subject.credential)));
  }

  #strike({ truth }: Subject, send: (emergency: Set<string>) => Promise<void>): void {
    this.act(async () => {
      const emergency = truth.condemn();
      try {
        await send(emergency);
      } catch (error) {
        truth.pardon(emergency);
        throw error;
      }
    });
  }

  /** The credential falls due after `ms`, whatever is under way. */
  schedule({ credential }: Subject, ms: number): void {
    const { server } = this.#at;
    this.later(ms, () =>
      server.call(() => {
        const workflowId = `schedule/${credential}/${++this.#slots}`;
        const asked = { actor: 'harness', reason: 'it is due' };
        server.start({ workflowId, type: 'scheduledRotation', args: [{ credential, asked }] });
      }),
    );
  }

  takeBack(subject: Subject): void {
    this.act(() => this.#takeBack(subject));
  }

  async #takeBack({ handle, credential }: Subject): Promise<void> {
    const { waiting }: Progress = await handle.query(progress);
    if (!waiting) return;
    this.#answers.set(waiting.id, { decision: 'roll-back', why: null });
    await this.#decide({ handle, credential, question: waiting.id }, 'roll-back');
  }

  endGrace({ handle, credential }: Subject): void {
    const { session } = this.#at;
    this.act(() => hasten(session, handle, { credential, actor: 'harness', byMs: null }));
  }

  /** Waits until everything that was begun is over. */
  async watch(): Promise<void> {
    const { sim, server } = this.#at;
    for (const until = sim.now + endMs; sim.now < until; await sim.sleep(lookMs)) {
      const running = [...server.executions.values()].filter(({ status }) => status === 'RUNNING');
      if (running.length === 0 && this.#errands === 0) return;
      const asking = running.filter(needsOperator);
      for (const execution of asking) await this.#answer(execution).catch(() => undefined);
      if (asking.length > 0 || !server.idle()) continue;
      await this.#use();
      await sim.sleep(untilNextMs);
    }
    this.problems.add('it did not end within three days');
  }

  /** Sends the engine a document now and then: a new key may wait only for that. */
  async #use(): Promise<void> {
    const { sim, subjects } = this.#at;
    if (sim.now < this.#usedAt + untilUseMs) return;
    this.#usedAt = sim.now;
    for (const { fixture } of subjects) await fixture.scenario.consume();
  }

  async #answer(execution: Execution): Promise<void> {
    const { sim, client, plan } = this.#at;
    const subject = subjectOf(this.#at.subjects, execution);
    const handle = client.workflow.getHandle<RotationWorkflow>(execution.workflowId);
    const seen: Progress = await handle.query(progress);
    const { waiting, next } = seen;
    if (waiting?.for !== 'operator') return;
    if (waiting.task !== undefined) return this.#errand(subject, waiting.task);
    const { why: title, choices, id } = waiting;
    const decision = this.#choose(subject, choices, title);
    this.#doubt(subject, seen, waiting);
    const about = { handle, credential: subject.credential, question: id };
    sim.note(`a person is asked "${title}" and says ${decision}`);
    if (plan.answerMs > 0) await sim.sleep(plan.answerMs);
    if (plan.wrongAnswers) await this.#answerWrongly(about, choices);
    this.#answers.set(id, { decision, why: title });
    const times = plan.doubleDecisions ? 2 : 1;
    const told = await Promise.allSettled(Array.from({ length: times }, () => this.#decide(about, decision)));
    if (decision === 'abandon' && told.some(({ status }) => status === 'fulfilled')) subject.gaveUp.add(next ?? 0);
  }

  async #errand(subject: Subject, id: string): Promise<void> {
    const { fixture, handle } = subject;
    const worker = fixture.scenario.people;
    const task = (await openTasks(this.#at.session)).find((each) => each.id === id);
    if (!worker || !task) return;
    const errand = { ...this.#at, worker, handle, takeBack: () => this.#takeBack(subject) };
    for (const problem of await runErrand(errand, task)) this.problems.add(problem);
  }

  /** Reports a question that should not have been asked. */
  #doubt({ truth, gaveUp }: Subject, seen: Progress, waiting: Waiting): void {
    const { why } = waiting;
    const isLeft = gaveUp.size > 0 && left.test(why);
    if (drift.test(why) && !isLeft && !truth.edited && !truth.ended && !truth.darkByOthers)
      this.problems.add(`it says that somebody changed the setting, and nobody did: ${why}`);
    if (keepsWaiting(seen, waiting)) this.problems.add(`an emergency waits for an answer to what it made void: ${why}`);
  }

  /** Answers the question before, a question that nobody asked, and this one with decisions that are no choice. */
  async #answerWrongly({ question, ...about }: Question, choices: readonly Decision[]): Promise<void> {
    const earlier = [...this.#answers.keys()].filter((each) => each !== question);
    const noChoice = decisions.filter((each) => !choices.includes(each));
    const wrong: (readonly [Decision, string])[] = [
      ...[...earlier.slice(-1), 'a question of nobody'].map((other) => ['skip', other] as const),
      ...[...noChoice, 'perhaps' as Decision].map((each) => [each, question] as const),
    ];
    for (const [decision, other] of wrong) {
      const taken = await this.#decide({ ...about, question: other }, decision).then(
        () => true,
        () => false,
      );
      if (taken) this.problems.add(`"${decision}" was taken, which answers nothing that is asked`);
    }
  }

  async #decide({ handle, credential, question }: Question, decision: Decision): Promise<void> {
    const { session } = this.#at;
    await decideOn(session, handle, { credential, question, actor: 'harness', decision, reason: 'the plan' });
  }

  #choose(subject: Subject, choices: readonly Decision[], why: string): Decision {
    const { truth } = subject;
    const { random } = this.#at;
    const lightly = truth.edited && truth.condemned.size === 0 && drift.test(why);
    if (lightly && choices.includes('skip')) return 'skip'; // safe: a deletion needs its own proof
    const given = (wanted: Decision): boolean => choices.includes(wanted);
    if (subject.asked++ > mostQuestions && given('abandon')) return 'abandon';
    const ways: Decision[] = random.chance(0.2) ? ['roll-back', 'retry'] : ['retry', 'roll-back'];
    return ways.find(given) ?? 'abandon';
  }

  #scheduled(type: string, [arg]: unknown[]): void {
    if (type === 'versions.recordDecision') this.#checkDecision(arg);
    if (type !== 'schedules.mayBegin') return;
    const { credential: due } = arg as { credential: string };
    this.#at.subjects.find(({ credential }) => credential === due)?.turns.push(this.#at.sim.now);
  }

  /**
   * A recorded decision has to be the one that was given to its question. A decision that ends a wait early answers
   * none.
   */
  #checkDecision(arg: unknown): void {
    const { title, decision, question } = arg as { title: string; decision: Decision; question: string };
    const given = this.#answers.get(question);
    if (given?.decision !== decision || given.why?.startsWith(title) === false)
      this.problems.add(`"${decision}" was taken for an answer about "${title}", which nobody was asked`);
  }
}

function needsOperator({ shown }: Execution): boolean {
  return [shown.get('KeyturnNeedsOperator')].flat()[0] === true;
}

/** Whether a containment waits for the roll back that it replaces, while the roll back waits for an answer. */
function keepsWaiting({ phase, steps }: Progress, { why }: Waiting): boolean {
  const asking = steps.filter(({ title, state }) => state === 'running' && why.startsWith(`${title}: `));
  return phase === 'contain' && asking.length > 0 && asking.every((step) => step.phase === 'roll-back');
}
