import type { RotationInput } from './rotation.js';

/** Argument of the workflow that a schedule starts. */
export interface ScheduledInput {
  readonly credential: string;
  /** A person asked for it to be run now: it need not be due. Windows and limits hold all the same. */
  readonly asked?: Asking;
}

/** Who asks, as the message says, and under which id the store has it. */
export interface Asking {
  readonly actor: string;
  readonly reason: string;
  readonly wish?: string;
}

/** What becomes of a rotation that is due: it begins, it waits, or it is left out this time. */
export type ScheduleVerdict =
  | { readonly verdict: 'begin'; readonly begin: Beginning }
  | { readonly verdict: 'wait'; readonly until: number; readonly why: string }
  | { readonly verdict: 'skip'; readonly why: string };

/** Everything a rotation is started with. */
export interface Beginning {
  /** Exported name of the workflow. */
  readonly workflow: string;
  readonly workflowId: string;
  readonly input: RotationInput;
  readonly section: string;
  readonly engine: string;
  readonly provider: string;
}

/** Result of the workflow that a schedule starts. */
export interface ScheduledReport {
  readonly outcome: 'begun' | 'skipped';
  readonly why?: string;
}
