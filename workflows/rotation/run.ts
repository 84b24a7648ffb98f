import { CancelledFailure } from '@temporalio/common';
import type { Call } from '../../src/domain/call.js';
import { durationMs, type Duration } from '../../src/domain/duration.js';
import type { Finding } from '../../src/domain/evidence.js';
import type {
  DecisionRequest,
  Opened,
  Phase,
  Progress,
  RotationInput,
  RotationPolicy,
  Undo,
  Waiting,
} from '../../src/domain/rotation.js';
import type { VersionRef } from '../../src/domain/version.js';
import { issuesItself, type ProcedureDescriptor } from '../../src/domain/procedure.js';
import { emergencyPending, type Inbox } from './messages.js';
import { engines } from '../systems.js';
import type { CheckOptions, Procedure, Run, StepOptions, TryOutOptions } from './procedure.js';
import { tryOnce } from './try-out.js';
import { attempt, type Ended } from './attempt.js';
import { exitIfTold } from './decided.js';
import { heed } from './haste.js';
import { CompletedSteps } from './completed-steps.js';
import { promptWhileWaiting } from './operator-prompt.js';
import { Questions } from './questions.js';
import { Parking, type Until } from './parking.js';
import { type Mode, Exit } from './step-failure.js';
import type { Runtime } from './runtime.js';

export interface Definition {
  readonly descriptor: ProcedureDescriptor;
  readonly procedure: Procedure;
}

/** One rotation while it runs: what is done, what can be undone, what it waits for. */
export class RotationRun implements Run {
  readonly definition: Definition;
  readonly input: RotationInput;
  readonly runtime: Runtime;
  readonly inbox: Inbox;
  readonly completedSteps: CompletedSteps;
  readonly undo: Undo[];
  phase: Phase = 'open';
  mode: Mode = 'forward';
  pastNoReturn = false;
  opened: Opened | null;
  /** A decision to give up, which holds for every branch of a containment, also for those that have not asked yet. */
  givenUp: DecisionRequest | null = null;
  /** How often a destruction found its proof stale. */
  staleRounds: number;
  /** How often the proof before a retirement was taken. */
  proofRounds: number;
  /** What is waiting is being renewed. */
  renewing = false;
  readonly questions: Questions;
  readonly parking: Parking;
  /** A trial is in progress: a failure puts back what was switched off before a person is asked. */
  trying = false;
  /** Rounds of containment; part of the scope of their steps. */
  emergencyRound = 0;
  /** The first fence under which something was contained. */
  containedSince: number | null = null;
  /** Phases are shown from the first wait on: a rotation that ends before needs no search attributes. */
  listed = false;
  /** Several while versions are contained in parallel. People see and answer the oldest one. */
  readonly #waits: Waiting[] = [];
  /** Title of the first step that cannot be taken back. */
  #noReturn: string | null = null;
  #scope = '';
  #policy: RotationPolicy | null = null;
  #occurrences = 0;

  constructor(definition: Definition, input: RotationInput, { runtime, inbox }: { runtime: Runtime; inbox: Inbox }) {
    [this.definition, this.input] = [definition, input];
    this.runtime = runtime;
    this.inbox = inbox;
    const { parked } = input;
    this.questions = new Questions(() => runtime.newId?.() ?? '', parked?.questions);
    this.opened = parked?.opened ?? null;
    this.completedSteps = new CompletedSteps(parked, () => runtime.now());
    this.undo = [...(parked?.undo ?? [])];
    this.parking = new Parking(this, parked);
    ({ staleRounds: this.staleRounds = 0, proofRounds: this.proofRounds = 0 } = parked ?? {});
  }

  get next(): VersionRef {
    if (!this.opened) throw new Error('the rotation is not open');
    return this.opened.next;
  }

  get current(): VersionRef | null {
    return this.opened?.current ?? null;
  }

  /** What the configuration says about this rotation. Every run asks the store and the configuration again. */
  get policy(): RotationPolicy {
    if (!this.#policy) throw new Error('the rotation is not open');
    return this.#policy;
  }

  goesBy(policy: RotationPolicy): void {
    this.#policy = policy;
  }

  get delivers(): boolean {
    return this.policy.delivers === true || issuesItself(this.definition.descriptor);
  }

  get retiresUnseen(): boolean {
    return this.policy.retiresUnseen === true;
  }

  /** Keeps equal step titles apart: a phase, and which round of it. */
  get scope(): string {
    return this.#scope;
  }

  get waiting(): Waiting | null {
    return this.#waits[0] ?? this.parking.waiting;
  }

  /** Runs part of a rotation under the name of a phase; step titles are unique within it and `occurrence`. */
  async during(phase: Phase, work: () => Promise<void>, occurrence = ''): Promise<void> {
    this.#requireNotCalledOff();
    this.phase = phase;
    this.#scope = `${phase}${occurrence}`;
    if (this.listed) this.runtime.show({ phase });
    await work();
  }

  /** The new value is in force. */
  commit(): void {
    this.#requireNotCalledOff();
    this.mode = 'committed';
  }

  // The SDK keeps a stack trace of every promise in a workflow. So a method that only returns a promise is not async.
  step(title: string, call: Call<void>, { undo, drains, noWayBack }: StepOptions = {}): Promise<void> {
    this.pastNoReturn ||= noWayBack === true; // before it runs: a step that timed out may have happened
    if (!undo && this.phase === 'retire' && (!this.pastNoReturn || this.#noReturn === title))
      return this.#passNoReturn(title, call);
    return this.once(title, () => {
      const revives = this.phase === 'retire';
      if (undo) this.undo.push({ title, call: undo, ...(revives && { revives }), ...(drains && { drains }) });
      return attempt(this, { title, call });
    });
  }

  /**
   * Destroys the old value. An engine worker that restarted since the last document may use the value of its environment, which is the old one.
   * So the engine reloads as late as possible, and again right after, for a worker that restarted in between.
   */
  async #passNoReturn(title: string, call: Call<void>): Promise<void> {
    const reload = this.mode === 'committed' ? engines[this.definition.descriptor.engine].reload?.(this.next) : null;
    this.#noReturn = title;
    if (reload) await this.#reload('Make the engine read its settings anew', reload);
    this.pastNoReturn = true;
    await this.once(title, () => attempt(this, { title, call }));
    if (reload) await this.#reload('Make the engine read its settings anew, now that the old value is gone', reload);
  }

  #reload(title: string, call: Call<void>): Promise<void> {
    this.completedSteps.perishes({ scope: this.#scope, title });
    return this.once(title, () => attempt(this, { title, call }));
  }

  check(title: string, call: Call<Finding>, { whenNot }: CheckOptions = {}): Promise<void> {
    // Contain first: an emergency does not ask whether the leaked value is still used.
    if (whenNot === 'ask' && this.mode === 'containing') return Promise.resolve();
    if (this.phase === 'retire') this.completedSteps.perishes({ scope: this.#scope, title });
    return this.once(title, () => attempt(this, { title, call, check: true, ask: whenNot === 'ask' }));
  }

  async tryOut(title: string, call: Call<void>, options: TryOutOptions): Promise<void> {
    const outer = this.#scope;
    for (let round = 1; ; round++) {
      this.#scope = `${outer}/try-${round}`;
      if (await tryOnce(this, { title, call, ...options })) break;
    }
    this.#scope = outer;
  }

  task(title: string, call: Call<void>, { due }: { readonly due: Duration }): Promise<void> {
    return this.once(title, () => this.askPerson(title, call, due));
  }

  /** Waits until a person has done something, then runs the call. */
  async askPerson(title: string, call: Call<void>, due: Duration): Promise<Ended> {
    await this.parking.until(durationMs(due), async ({ until, isNew }) => {
      const told = await this.wait(
        { for: 'operator', why: title, until, then: 'it is overdue', ...promptWhileWaiting(this, title) },
        { wake: () => this.inbox.completed.has(title), parks: isNew ? 'later' : undefined },
      );
      await exitIfTold(this, told, title);
    });
    return attempt(this, { title, call });
  }

  async pause(title: string, length: Duration): Promise<void> {
    if (this.mode === 'containing') return;
    const lengthMs = this.policy.pauseMs ?? durationMs(length);
    if (lengthMs === 0) return;
    await this.hold(title, lengthMs);
    await this.verify();
  }

  async verify(): Promise<void> {
    if (this.mode === 'containing') return;
    const outer = this.#scope;
    this.#scope = `${outer}/again-${++this.#occurrences}`;
    await this.definition.procedure.verify(this, this.next);
    this.#scope = outer;
  }

  /** Waits for a length of time, or until somebody ends it; long waits continue in a new run. */
  hold(title: string, lengthMs: number): Promise<void> {
    return this.once(title, () =>
      this.parking.until(lengthMs, async (end) => {
        const parks = end.isNew ? 'at-once' : undefined;
        for (let { until } = end; this.runtime.now() < until; end.move(until)) {
          const told = await this.wait(
            { for: 'grace', why: title, until, then: 'the rotation goes on', ...promptWhileWaiting(this, title) },
            {
              ...{ wake: () => this.inbox.haste.length > 0, deadline: until, parks },
              heed: async () => void (until = await heed(this, title, until)),
            },
          );
          await exitIfTold(this, told, title);
        }
      }),
    );
  }

  /** Waits. Returns what a person decided meanwhile. Throws Exit as soon as an emergency takes over. */
  async wait(
    asked: Omit<Waiting, 'id'>,
    { wake = () => false, heed, known, ...wait }: Until = {},
  ): Promise<DecisionRequest | null> {
    const overtaken = this.#overtakenSince(known);
    const waiting = this.questions.ask(asked, this.#waits);
    const answer = () => this.givenUp ?? this.inbox.answers.get(waiting.id) ?? null;
    const wakes = () => wake() || answer() !== null || overtaken();
    this.#waits.push(waiting);
    this.parking.waiting = null;
    const needsOperator = this.#announce();
    this.listed = true;
    let told: DecisionRequest | null;
    try {
      await this.parking.wait(wakes, wait);
      if (heed && !overtaken()) await heed();
      told = answer();
      if (told) this.questions.close(waiting);
      if (told?.decision === 'abandon') this.givenUp = told;
    } finally {
      this.#waits.splice(this.#waits.indexOf(waiting), 1);
      if (needsOperator) this.#announce();
    }
    if (overtaken()) throw new Exit('emergency', 'an emergency takes over');
    return told;
  }

  /** An emergency may be dealt with before this wait notices it, because nothing cancels the wait. */
  #overtakenSince(known = this.inbox.emergencies.length): () => boolean {
    return () => emergencyPending(this.inbox) || this.inbox.emergencies.length > known;
  }

  /** Shows in Temporal, log and metrics whether a person is needed. */
  #announce(): boolean {
    const question = this.#waits.find((wait) => wait.for === 'operator');
    this.runtime.show({ phase: this.phase, needsOperator: question !== undefined });
    this.runtime.alert?.(this.input.credential, question?.why ?? null);
    return question !== undefined;
  }

  progress(): Omit<Progress, 'outcome'> {
    const { descriptor } = this.definition;
    return {
      credential: this.input.credential,
      procedure: descriptor.id,
      phase: this.phase,
      steps: this.completedSteps.steps,
      current: this.current?.number ?? null,
      next: this.opened?.next.number ?? null,
      waiting: this.waiting,
      emergencies: this.inbox.emergencies.flatMap(({ id }) => id ?? []),
    };
  }

  /** A step in progress may succeed after an emergency has cancelled the rest. Phase and mode then belong to the emergency. */
  #requireNotCalledOff(): void {
    if (this.runtime.calledOff?.()) throw new CancelledFailure('an emergency takes over');
  }

  /** Whether this is done already, here or in an earlier run. */
  isDone(title: string): boolean {
    return this.completedSteps.isDone({ scope: this.#scope, title });
  }

  /** Skips what is done already, here or in an earlier run. */
  once(title: string, work: () => Promise<Ended | void>, scope = this.#scope): Promise<void> {
    return this.completedSteps.once({ phase: this.phase, scope, title }, work);
  }
}
