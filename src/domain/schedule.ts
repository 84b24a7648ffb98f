import type { RotationInput } from './rotation.js';

/** Argument of the workflow that a schedule starts. */
export interface ScheduledInput {
  readonly credential: string;
  /** A person asked to run it now, whether it is due or not. Windows and limits still apply. */
  readonly asked?: Asking;
}

/** Who asks, as the message says, and the id under which the store keeps the request. */
export interface Asking {
  readonly actor: string;
  readonly reason: string;
  readonly wish?: string;
}

/** What happens to a due rotation: it begins, waits, or is skipped this time. */
export type ScheduleVerdict =
  | { readonly verdict: 'begin'; readonly begin: Beginning }
  | { readonly verdict: 'wait'; readonly until: number; readonly why: string }
  | { readonly verdict: 'skip'; readonly why: string };

/** What a rotation is started with. */
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
