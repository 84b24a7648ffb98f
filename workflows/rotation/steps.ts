import type { Call } from '../../src/domain/call.js';
import { durationMs, type Duration } from '../../src/domain/duration.js';
import type { Finding } from '../../src/domain/evidence.js';
import type { ByHandPolicy, EnvironmentPolicy, Undo } from '../../src/domain/rotation.js';
import type { VersionRef } from '../../src/domain/version.js';
import { type AskPerson, askPerson } from './ask-person.js';
import { attempt, type Ended } from './attempt.js';
import { exitIfTold, heed } from './decided.js';
import { promptWhileWaiting } from './operator-prompt.js';
import type { CheckOptions, Run, StepOptions, TaskOptions, TryOutOptions } from './procedure.js';
import type { RotationRun } from './run.js';
import { tryOnce } from './try-out.js';

/**
 * The steps of one phase of a rotation, or of one branch of a containment: branches run in parallel, each under a scope of its own. A
 * containment asks nothing, does not pause and does not verify.
 */
export class Steps implements Run {
  readonly run: RotationRun;
  /** Keeps equal step titles apart: a phase, and which round of it. */
  scope: string;

  constructor(run: RotationRun, scope: string) {
    this.run = run;
    this.scope = scope;
  }

  get next(): VersionRef {
    return this.run.next;
  }

  get current(): VersionRef | null {
    return this.run.current;
  }

  get delivers(): boolean {
    return this.run.phase !== 'contain' && this.run.delivers;
  }

  get keepsEnvironment(): boolean {
    return this.run.phase !== 'contain' && this.run.policy.environment !== undefined;
  }

  get retiresUnseen(): boolean {
    return this.run.policy.retiresUnseen === true;
  }

  get environment(): EnvironmentPolicy | undefined {
    return this.run.policy.environment;
  }

  get byHand(): ByHandPolicy {
    const { byHand } = this.run.policy;
    if (!byHand) throw new Error(`${this.run.input.credential} is not rotated by a person`);
    return byHand;
  }

  // The SDK keeps a stack trace of every promise in a workflow. So a method that only returns a promise is not async.
  step(title: string, call: Call<void>, { undo, drains, noWayBack }: StepOptions = {}): Promise<void> {
    const { run } = this;
    run.pastNoReturn ||= noWayBack === true; // before it runs: a step that timed out may have happened
    if (!undo && this.#isNoReturn(title)) return this.#passNoReturn(title, () => attempt(this, { title, call }));
    return this.once(title, () => {
      const revives = run.phase === 'retire';
      if (undo) run.undo.push({ title, call: undo, ...(revives && { revives }), ...(drains && { drains }) });
      return attempt(this, { title, call });
    });
  }

  #isNoReturn(title: string): boolean {
    const { phase, pastNoReturn, noReturn } = this.run;
    return phase === 'retire' && (!pastNoReturn || noReturn === title);
  }

  /**
   * Destroys the old value. An engine worker that restarted since the last document may use the value of its environment, which is the old one.
   * So the engine reloads as late as possible, and again right after, for a worker that restarted in between.
   */
  async #passNoReturn(title: string, work: () => Promise<Ended>): Promise<void> {
    const { run } = this;
    const reload = run.mode === 'committed' ? run.engine.reload?.(run.next) : null;
    run.noReturn = title;
    if (reload) await this.#reload('Make the engine read its settings anew', reload);
    run.pastNoReturn = true;
    await this.once(title, work);
    if (reload) await this.#reload('Make the engine read its settings anew, now that the old value is gone', reload);
  }

  #reload(title: string, call: Call<void>): Promise<void> {
    this.run.completedSteps.perishes({ scope: this.scope, title });
    return this.once(title, () => attempt(this, { title, call }));
  }

  check(title: string, call: Call<Finding>, { whenNot }: CheckOptions = {}): Promise<void> {
    // Contain first: an emergency does not ask whether the leaked value is still used.
    if (whenNot === 'ask' && this.#contains) return Promise.resolve();
    if (this.run.phase === 'retire') this.run.completedSteps.perishes({ scope: this.scope, title });
    return this.once(title, () => attempt(this, { title, call, check: true, ask: whenNot === 'ask' }));
  }

  async tryOut(title: string, call: Call<void>, options: TryOutOptions): Promise<void> {
    if (this.#contains) {
      await this.step(title, call);
      return options.trial();
    }
    for (let round = 1, done = false; !done; round++)
      done = await this.#within(`try-${round}`, () => tryOnce(this, { title, call, ...options }));
  }

  async task(title: string, ask: AskPerson, { undoTask, noWayBack }: TaskOptions = {}): Promise<void> {
    const { run } = this;
    if (this.#isNoReturn(title)) return this.#passNoReturn(title, () => askPerson(this, { title, ask }));
    await this.once(title, () => {
      if (undoTask) this.#register({ title, call: undoTask, isTask: true });
      return askPerson(this, { title, ask, ...(noWayBack && { noWayBack }) });
    });
    run.pastNoReturn ||= noWayBack === true;
  }

  undoLast(title: string, undo: Call<void> | AskPerson, { isTask = false } = {}): void {
    this.#register({ title, call: undo, follows: true, ...(isTask && { isTask }) });
  }

  /** A run that continues has it already. */
  #register(undo: Undo): void {
    const { run } = this;
    if (!run.undo.some(({ title }) => title === undo.title)) run.undo.push(undo);
  }

  async pause(title: string, length: Duration): Promise<void> {
    if (this.#contains) return;
    const lengthMs = this.run.policy.pauseMs ?? durationMs(length);
    if (lengthMs === 0) return;
    await this.hold(title, lengthMs);
    await this.verify();
  }

  async verify(): Promise<void> {
    const { run } = this;
    if (this.#contains) return;
    await this.#within(`again-${++run.verifications}`, () => run.definition.procedure.verify(this, run.next));
  }

  /** Waits for a length of time, or until somebody ends it; long waits continue in a new run. */
  hold(title: string, lengthMs: number): Promise<void> {
    const { run } = this;
    return this.once(title, () =>
      run.parking.until(lengthMs, async (end) => {
        const parks = end.isNew ? 'at-once' : undefined;
        for (let { until } = end; run.runtime.now() < until; end.move(until)) {
          const told = await run.wait(
            { for: 'grace', why: title, until, then: 'the rotation goes on', ...promptWhileWaiting(run, title) },
            {
              ...{ wake: () => run.inbox.haste.length > 0, deadline: until, parks },
              heed: async () => void (until = await heed(run, title, until)),
            },
          );
          await exitIfTold(run, told, title);
        }
      }),
    );
  }

  /** Whether this is done already, here or in an earlier run. */
  isDone(title: string): boolean {
    return this.run.completedSteps.isDone({ scope: this.scope, title });
  }

  /** Skips what is done already, here or in an earlier run. */
  once(title: string, work: () => Promise<Ended | void>): Promise<void> {
    return this.run.completedSteps.once({ phase: this.run.phase, scope: this.scope, title }, work);
  }

  get #contains(): boolean {
    return this.run.mode === 'containing';
  }

  async #within<T>(inner: string, work: () => Promise<T>): Promise<T> {
    const outer = this.scope;
    this.scope = `${outer}/${inner}`;
    try {
      return await work();
    } finally {
      this.scope = outer;
    }
  }
}
