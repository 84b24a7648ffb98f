import type { Boundary } from '../crash-test/cases.js';
import type { CaseVerdict } from '../crash-test/run-case.js';
import type { Assignment } from '../crash-test/setback.js';
import type { ChaosVerdict } from './chaos.js';
import type { Profile } from './plans.js';
import type { Plan } from './trouble.js';

/** What a case in simulated time shows besides its verdict. */
export interface SimulatedVerdict extends CaseVerdict {
  /** Hash of everything that happened, with its times: the same for the same seed. */
  readonly hash: string;
  /** Hash of what was done in which order, without times and ids. */
  readonly order: string;
  readonly events: number;
  /** Everything that happened, when it was asked for. */
  readonly lines?: readonly string[];
}

/** Plays a case of a procedure whose boundaries were recorded. */
export interface CaseQuestion {
  readonly procedure: string;
  readonly boundaries: readonly Boundary[];
  readonly caseId: string;
  readonly seed: string;
  readonly lines: boolean;
}

/** Plays one seed of chaos, or a given plan instead of the seed's own. */
export interface ChaosQuestion {
  readonly procedure: string;
  readonly seed: string;
  readonly profile: Profile;
  readonly plan?: Plan;
  readonly lines?: boolean;
  /** Whether to make a failing plan smaller, as long as it fails. */
  readonly shrink?: boolean;
  /** One safety rule to take out, as in src/crash-test/setback.ts. */
  readonly without?: NonNullable<Assignment['without']>;
}

/** What a simulating process can be asked, and what it answers. */
export interface Questions {
  readonly boundaries: { readonly asks: { readonly procedure: string }; readonly answers: Boundary[] };
  readonly case: { readonly asks: CaseQuestion; readonly answers: SimulatedVerdict };
  readonly chaos: { readonly asks: ChaosQuestion; readonly answers: ChaosVerdict };
}

export type Question = {
  [Kind in keyof Questions]: { readonly id: number; readonly kind: Kind; readonly asks: Questions[Kind]['asks'] };
}[keyof Questions];

export type Answer =
  { readonly id: number; readonly value: unknown } | { readonly id: number; readonly failure: string };
