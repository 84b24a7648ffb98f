import type { Boundary } from '../prove/cases.js';
import type { Verdict } from '../prove/run-case.js';

/** What a case in simulated time shows besides its verdict. */
export interface SimulatedVerdict extends Verdict {
  /** Of everything that happened, with its moment: the same for the same seed. */
  readonly hash: string;
  /** Of what was done in which order, without moments and ids. */
  readonly order: string;
  readonly events: number;
  /** Everything that happened, if that was asked for. */
  readonly lines?: readonly string[];
}

/** Plays a case of a procedure that was recorded. */
export interface CaseQuestion {
  readonly procedure: string;
  readonly boundaries: readonly Boundary[];
  readonly caseId: string;
  readonly seed: string;
  readonly lines: boolean;
}

/** What a simulating process can be asked, and what it answers. */
export interface Questions {
  readonly boundaries: { readonly asks: { readonly procedure: string }; readonly answers: Boundary[] };
  readonly case: { readonly asks: CaseQuestion; readonly answers: SimulatedVerdict };
}

export type Question = {
  [Kind in keyof Questions]: { readonly id: number; readonly kind: Kind; readonly asks: Questions[Kind]['asks'] };
}[keyof Questions];

export type Answer =
  { readonly id: number; readonly value: unknown } | { readonly id: number; readonly failure: string };
