import { ApplicationFailure } from '@temporalio/common';

export interface OutsideTrouble {
  /** HTTP status. Absent when there was no answer. */
  readonly status?: number;
  /** Short error code where there is no status: `ECONNRESET`, `TIMEOUT`, `NOT_JSON` … */
  readonly code?: string;
  readonly retryAfterMs?: number | undefined;
  /** The origin that a redirect leads to, without path and query: those may echo what was sent. */
  readonly leadsTo?: string | undefined;
}

/**
 * A request to an outside system failed. The message names the system, the operation and the status, never the body:
 * error bodies echo secrets (DocuElevate answers 422 with the submitted value).
 */
export class OutsideError extends Error {
  override readonly name = 'OutsideError';
  readonly system: string;
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(system: string, operation: string, { status, code, retryAfterMs, leadsTo }: OutsideTrouble) {
    super(
      status === undefined
        ? `${system} ${operation} got no usable answer (${code ?? 'NETWORK'})`
        : `${system} ${operation} answered ${status}${leadsTo === undefined ? '' : `, a redirect to ${leadsTo}: configure the address that it ends at`}`,
    );
    this.system = system;
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** An outside system answered, but its answer does not show whether it accepts the value. Asking again would not help. */
export class CannotTell extends Error {
  override readonly name = 'CannotTell';

  /** `why` is a sentence for people in our own words: at most a status or a code of the answer, never its text. */
  constructor(why: string) {
    super(why);
  }
}

/** For an answer that something in between gave. The outcome is unknown, and the request is retried. */
export function notOf(system: string, operation: string, status: number): OutsideError {
  return new OutsideError(system, operation, { code: `${status} from something in between` });
}

/** Whether the other side clearly answered that it did nothing. Otherwise the outcome is unknown. */
export function saidNo(error: unknown): boolean {
  if (error instanceof ApplicationFailure) return true;
  const status = error instanceof OutsideError ? error.status : undefined;
  return status !== undefined && status >= 400 && status < 500 && status !== 408;
}
