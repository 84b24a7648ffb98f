import { CancelledFailure } from '@temporalio/common';
import type { Call } from '../../src/domain/call.js';
import type {
  DecisionRequest,
  Opened,
  Phase,
  Progress,
  RotationInput,
  RotationPolicy,
  StepFailure,
  Undo,
  Waiting,
} from '../../src/domain/rotation.js';
import type { StepContext } from '../../src/domain/step-context.js';
import type { VersionRef } from '../../src/domain/version.js';
import { issuesItself, type Overlap, type ProcedureDescriptor } from '../../src/domain/procedure.js';
import { type EngineCalls, engineCalls } from '../systems.js';
import { emergencyPending, type Inbox } from './messages.js';
import type { Procedure } from './procedure.js';
import { CompletedSteps } from './completed-steps.js';
import { Questions } from './questions.js';
import { Parking, type Until } from './parking.js';
import { type Mode, Exit } from './step-failure.js';
import { Steps } from './steps.js';
import type { Runtime } from './runtime.js';

export interface Definition {
  readonly descriptor: ProcedureDescriptor;
  readonly procedure: Procedure;
}

/** Where a call differs from what the phase and the mode say. */
export type ExecuteOptions = Partial<Pick<StepContext, 'fence' | 'check' | 'emergency'>>;

/** One rotation while it runs: what is done, what can be undone, what it waits for. */
export class RotationRun {
  readonly definition: Definition;
  readonly input: RotationInput;
  readonly runtime: Runtime;
  readonly inbox: Inbox;
  readonly completedSteps: CompletedSteps;
  readonly undo: Undo[];
  phase: Phase = 'open';
  mode: Mode = 'forward';
  pastNoReturn = false;
  /** Title of the first step that cannot be taken back. */
  noReturn: string | null = null;
  /** How often a procedure has verified once more; part of the scope of those steps. */
  verifications = 0;
  opened: Opened | null;
  /** Why the last step that failed did. */
  failure: StepFailure | null = null;
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
  /** Number of tasks that are being opened, waited for or looked at. */
  asking = 0;
  /** Phases are shown from the first wait on: a rotation that ends before needs no search attributes. */
  listed = false;
  /** Several while versions are contained in parallel. People see and answer the oldest one. */
  readonly #waits: Waiting[] = [];
  #policy: RotationPolicy | null = null;

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

  get engine(): EngineCalls {
    return engineCalls(this.definition.descriptor.engine, this.#policy ?? {}); // a rotation may wait before it is open
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

  get overlap(): Overlap {
    return this.policy.byHand?.overlap ?? this.definition.descriptor.overlap;
  }

  /** A person who was asked to replace the only value may have done so, and not said it. */
  get mayBeReplaced(): boolean {
    const { policy, pastNoReturn, completedSteps } = this;
    const { overlap, endsByWrite } = policy.byHand ?? {};
    const isAsked =
      overlap === 'single' && !endsByWrite && completedSteps.steps.some(({ phase }) => phase === 'replace');
    return isAsked && !pastNoReturn;
  }

  get delivers(): boolean {
    return this.policy.delivers === true || issuesItself(this.definition.descriptor);
  }

  get waiting(): Waiting | null {
    return this.#waits[0] ?? this.parking.waiting;
  }

  /**
   * Whether this run, or the one that it continues, waits for a task. Somebody may end one that was just opened, before the run begins to wait
   * for it: until then, any task may be the one.
   */
  asksFor(task: string): boolean {
    const awaited = [...this.#waits, this.parking.waiting].flatMap((wait) => wait?.task ?? []);
    return awaited.includes(task) || (awaited.length === 0 && this.asking > 0);
  }

  /** Runs part of a rotation under the name of a phase; step titles are unique within it and `occurrence`. */
  async during(phase: Phase, work: (steps: Steps) => Promise<void>, occurrence = ''): Promise<void> {
    this.#requireNotCalledOff();
    this.phase = phase;
    if (this.listed) this.runtime.show({ phase });
    await work(new Steps(this, `${phase}${occurrence}`));
  }

  /** Executes a call of the phase in progress; the ledger has it under this title. */
  execute<R>(call: Call<R>, title: string, options: ExecuteOptions = {}): Promise<R> {
    const { phase, mode, opened, input } = this;
    const fence = opened?.fence ?? null;
    const emergency = mode === 'containing';
    return this.runtime.execute(call, { credential: input.credential, fence, phase, title, emergency, ...options });
  }

  /** The new value is in force. */
  commit(): void {
    this.#requireNotCalledOff();
    this.mode = 'committed';
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
}
