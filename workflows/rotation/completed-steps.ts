import type { Phase, RotationInput, StepProgress } from '../../src/domain/rotation.js';
import type { Ended } from './attempt.js';
import { Exit } from './step-failure.js';

/** Identifies a step: its title is unique within its scope, which is a phase and a round. */
export interface Place {
  readonly phase: Phase;
  readonly scope: string;
  readonly title: string;
}

/** The steps of a rotation: shown to people, and skipped by the next run of a parked rotation when they are done. */
export class CompletedSteps {
  readonly steps: StepProgress[];
  readonly #now: () => number;
  readonly #done: Set<string>;
  readonly #retireChecks = new Set<string>();

  constructor(parked: RotationInput['parked'], now: () => number) {
    this.steps = [...(parked?.steps ?? [])];
    this.#done = new Set(parked?.done);
    this.#now = now;
  }

  /** Skips a step that is done, and maintains the list that people see. */
  async once({ phase, scope, title }: Place, work: () => Promise<Ended | void>): Promise<void> {
    const key = keyOf({ scope, title });
    if (this.#done.has(key)) return;
    const index = this.steps.length;
    const begun: StepProgress = { phase, title, state: 'running', startedAt: this.#now() };
    this.steps.push(begun);
    try {
      const ended = await work();
      this.steps[index] = { ...begun, state: 'done', ...ended, endedAt: this.#now() };
      this.#done.add(key);
    } catch (error) {
      const detail = error instanceof Exit ? error.message : 'interrupted';
      this.steps[index] = { ...begun, state: 'failed', detail, endedAt: this.#now() };
      throw error;
    }
  }

  isDone(place: Omit<Place, 'phase'>): boolean {
    return this.#done.has(keyOf(place));
  }

  /** This check of `retire` counts only while the proof is fresh. */
  perishes(place: Omit<Place, 'phase'>): void {
    this.#retireChecks.add(keyOf(place));
  }

  /** The proof went stale before a destruction: the checks of `retire` run again, its steps do not. */
  forgetRetireChecks(): void {
    for (const key of this.#retireChecks) this.#done.delete(key);
    this.#retireChecks.clear();
  }

  /** For the next run. */
  parked(): { readonly steps: readonly StepProgress[]; readonly done: readonly string[] } {
    return { steps: this.steps.filter(({ state }) => state !== 'running'), done: [...this.#done] };
  }
}

function keyOf({ scope, title }: Omit<Place, 'phase'>): string {
  return `${scope}/${title}`;
}
