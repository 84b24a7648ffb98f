import type { Phase } from './rotation.js';

/** What the worker's interceptor needs to write the ledger; travels in a header, in clear, and holds nothing secret. */
export interface StepContext {
  readonly credential: string;
  readonly fence: number | null;
  readonly version: number | null;
  readonly phase: Phase;
  readonly title: string;
  /** It only asks and changes nothing. */
  readonly check?: boolean;
  /** Contain first: an emergency's step goes on although the ledger cannot be written. */
  readonly emergency: boolean;
}

/** Name of the header that carries the step context. */
export const stepHeader = 'keyturn-step';
