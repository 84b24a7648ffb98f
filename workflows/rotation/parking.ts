import type { Parked, RollingBack, RotationInput, FailingStep, Undo, Waiting } from '../../src/domain/rotation.js';
import { parkedOf } from './messages.js';
import type { RotationRun } from './run.js';
import { waitAndRenew } from './renewal.js';

/** A wait longer than this goes on in a new run: a parked rotation must not depend on the code of the day it was parked. */
const longestWaitInOneRunMs = 60 * 60_000;

export interface Wait {
  /** Unix milliseconds. */
  readonly deadline?: number | undefined;
  /** When a long wait goes on in a new run: at its beginning, or when it has lasted for a while. Left out, it does not. */
  readonly parks?: 'at-once' | 'later' | undefined;
  /** The step that it is about. */
  readonly about?: FailingStep | undefined;
}

/** What else ends a wait. */
export interface Until extends Wait {
  readonly wake?: () => boolean;
  /** What is done about that while the wait is still shown: another one follows. */
  readonly heed?: () => Promise<void>;
  /** How many emergencies were known when what is waited about began. */
  readonly known?: number | undefined;
}

/**
 * Waits of one rotation that go on in a new run, and what that run has to know. It ends this run only while nothing else is going on: so what
 * is contained, where several things are, waits in its own run.
 */
export class Parking {
  readonly #run: RotationRun;
  /** When the grace, the pause or the task ends that is waited for. */
  #deadline: number | undefined;
  /** What an earlier run has waited about, until this one has come there. */
  #failing: FailingStep | undefined;
  /** What this run waits about. */
  #about: FailingStep | undefined;
  #ready: (() => boolean) | null = null;
  /** What an earlier run has waited for, until this one waits or goes on: people may answer it meanwhile. */
  waiting: Waiting | null;
  /** Present from the beginning of a roll back on, with everything that it takes back. */
  rollingBack: (RollingBack & { readonly undo: readonly Undo[] }) | null;

  constructor(run: RotationRun, parked: Parked | undefined) {
    this.#run = run;
    this.#deadline = parked?.deadline;
    this.#failing = parked?.failing;
    this.waiting = parked?.waiting ?? null;
    this.rollingBack = parked?.rollingBack ? { ...parked.rollingBack, undo: parked.undo } : null;
  }

  /** Whether this run may end now and the next one go on waiting. */
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

  /** Runs what ends at a moment of its own, which stays the same if an earlier run has begun it; `parks` says whether it has. */
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

  /** What an earlier run has waited about, if that is this step: it is not tried again for having been parked. */
  troubledAt(title: string): FailingStep | null {
    const known = this.#failing;
    if (known?.title !== title || known.scope !== this.#run.scope) return null;
    this.#failing = undefined;
    return known;
  }

  /** What was parked stands in Temporal's list as it waited, until it goes on. */
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
