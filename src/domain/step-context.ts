import type { Phase } from './rotation.js';

/** What the worker's interceptor needs to write the ledger. It travels in a header in clear and contains no secret. */
export interface StepContext {
  readonly credential: string;
  readonly fence: number | null;
  readonly version: number | null;
  readonly phase: Phase;
  readonly title: string;
  /** The step only reads. */
  readonly check?: boolean;
  /** Contain first: a step of an emergency continues even when the ledger cannot be written. */
  readonly emergency: boolean;
}

/** Name of the header that carries the step context. */
export const stepHeader = 'keyturn-step';
