import { durationMs } from '../../src/domain/duration.js';
import type { Parked, RollingBack, RotationInput, FailingStep, Undo, Waiting } from '../../src/domain/rotation.js';
import { parkedOf } from './messages.js';
import type { RotationRun } from './run.js';
import { stepFailureOf } from './step-failure.js';

/** A longer wait continues in a new run: a parked rotation must not depend on the code of the day it was parked. */
const longestWaitInOneRunMs = 60 * 60_000;

export interface Wait {
  /** Unix milliseconds. */
  readonly deadline?: number | undefined;
  /** When a long wait continues in a new run: at its beginning, or after `longestWaitInOneRunMs`. Never when left out. */
  readonly parks?: 'at-once' | 'later' | undefined;
  /** The step that it is about. */
  readonly about?: FailingStep | undefined;
}

/** What ends a wait besides its deadline. */
export interface Until extends Wait {
  readonly wake?: () => boolean;
  /** Runs after `wake`, while the wait is still shown: another wait follows. */
  readonly heed?: () => Promise<void>;
  /** How many emergencies were known when what is waited about began. */
  readonly known?: number | undefined;
}

/**
 * Waits of one rotation that continue in a new run, and what that run has to know. A run ends only while nothing else is going on. So a
 * containment, with its parallel branches, stays in its run.
 */
export class Parking {
  readonly #run: RotationRun;
  /** When the current grace, pause or task ends. */
  #deadline: number | undefined;
  /** What an earlier run has waited about, until this run reaches that step. */
  #failing: FailingStep | undefined;
  /** What this run waits about. */
  #about: FailingStep | undefined;
  #ready: (() => boolean) | null = null;
  /** What an earlier run has waited for, until this run waits or goes on. People may answer it meanwhile. */
  waiting: Waiting | null;
  /** Present from the beginning of a roll back on, with every step to undo. */
  rollingBack: (RollingBack & { readonly undo: readonly Undo[] }) | null;

  constructor(run: RotationRun, parked: Parked | undefined) {
    this.#run = run;
    this.#deadline = parked?.deadline;
    this.#failing = parked?.failing;
    this.waiting = parked?.waiting ?? null;
    this.rollingBack = parked?.rollingBack ? { ...parked.rollingBack, undo: parked.undo } : null;
  }

  /** Whether this run may end now, and the next one continue the wait. */
  get isReady(): boolean {
    return this.#ready?.() ?? false;
  }

  async wait(wakes: () => boolean, { deadline, parks, about }: Wait): Promise<void> {
    const at = this.#parksAt(deadline, parks);
    if (at === null) return waitAndRenew(this.#run, wakes, deadline);
    if (at > this.#run.runtime.now()) await waitAndRenew(this.#run, wakes, at);
    if (wakes()) return;
    this.#about = about;
    this.#ready = () => !wakes() && !this.#run.renewing;
    try {
      await waitAndRenew(this.#run, wakes, deadline);
    } finally {
      this.#ready = null;
    }
  }

  /** Runs work with a deadline of its own. The deadline stays the same when an earlier run has begun it (`isNew` is false). */
  async until<T>(
    lengthMs: number,
    work: (end: { readonly until: number; readonly isNew: boolean; move(until: number): void }) => Promise<T>,
  ): Promise<T> {
    const isNew = this.#deadline === undefined;
    const until = (this.#deadline ??= this.#run.runtime.now() + lengthMs);
    try {
      return await work({ until, isNew, move: (moved) => void (this.#deadline = moved) });
    } finally {
      this.#deadline = undefined;
    }
  }

  /** The failure that an earlier run has waited about, if it is of this step: parking causes no retry. */
  failingAt({ scope, title }: Pick<FailingStep, 'scope' | 'title'>): FailingStep | null {
    const known = this.#failing;
    if (known?.title !== title || known.scope !== scope) return null;
    this.#failing = undefined;
    return known;
  }

  /** Whether an earlier run has waited about a step of this title that this run has not reached yet. */
  isAbout(title: string): boolean {
    return this.#failing?.title === title;
  }

  /** A parked rotation shows in Temporal's list as waiting, until it goes on. */
  goesOn(): void {
    this.waiting = null;
    const { input, listed, phase, runtime } = this.#run;
    if (listed || !input.parked) return;
    this.#run.listed = true;
    runtime.show({ phase, needsOperator: false });
  }

  beginRollBack(why: string): RollingBack {
    const { mode, undo } = this.#run;
    this.rollingBack ??= { why, promoted: mode === 'committed', undo: [...undo] };
    return this.rollingBack;
  }

  /** Everything that the next run has to know. */
  next(): RotationInput {
    const { input, inbox, completedSteps, questions, staleRounds, proofRounds, opened, undo, waiting } = this.#run;
    if (!opened) throw new Error('nothing was opened that could go on');
    const { why, promoted } = this.rollingBack ?? {};
    const parked = {
      ...{ opened, undo: this.rollingBack?.undo ?? undo, ...completedSteps.parked() },
      ...{ ...parkedOf(inbox), questions: questions.parked(), staleRounds, proofRounds },
      ...(this.#deadline !== undefined && { deadline: this.#deadline }),
      ...(this.#about && { failing: this.#about }),
      ...(waiting && { waiting }),
      ...(why !== undefined && promoted !== undefined && { rollingBack: { why, promoted } }),
    };
    return { ...input, parked };
  }

  #parksAt(deadline = Number.POSITIVE_INFINITY, parks: Wait['parks']): number | null {
    const { runtime } = this.#run;
    if (!parks || !this.#mayPark()) return null;
    const afterMs = this.#longestMs;
    const isLong = deadline - runtime.now() > afterMs;
    if (!isLong && runtime.isFull?.() !== true) return null; // several short waits make a long history too
    return runtime.now() + (isLong && parks === 'later' ? afterMs : 0);
  }

  get #longestMs(): number {
    return this.#run.input.timing.parkAfterMs ?? longestWaitInOneRunMs;
  }

  #mayPark(): boolean {
    const { runtime, opened, mode } = this.#run;
    return runtime.park !== undefined && opened !== null && mode !== 'containing';
  }
}

/** Waits, renewing what would expire meanwhile. A failed renewal is retried at the next interval. */
async function waitAndRenew(run: RotationRun, wake: () => boolean, deadline = Number.POSITIVE_INFINITY): Promise<void> {
  const { renewal } = run.engine;
  const everyMs = renewal ? durationMs(renewal.every) : Number.POSITIVE_INFINITY;
  for (;;) {
    const until = Math.min(deadline, run.runtime.now() + everyMs);
    await run.runtime.wait(wake, Number.isFinite(until) ? until : undefined);
    if (wake() || run.runtime.now() >= deadline || !renewal || run.mode === 'containing') return;
    run.renewing = true;
    for (const call of renewal.calls(run)) await run.execute(call, 'Renew what is waiting').catch(stepFailureOf);
    run.renewing = false;
  }
}
