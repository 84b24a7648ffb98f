import { ApplicationFailure } from '@temporalio/common';

export interface OutsideTrouble {
  /** HTTP status; absent when there was no answer. */
  readonly status?: number;
  /** Short code of what went wrong instead: `ECONNRESET`, `TIMEOUT`, `NOT_JSON` … */
  readonly code?: string;
  readonly retryAfterMs?: number | undefined;
  /** The host that a redirect leads to; its path and query may echo what was sent. */
  readonly leadsTo?: string | undefined;
}

/**
 * An outside system did not do what was asked. Says which system, which operation and what came back, never the body:
 * error bodies echo secrets (docuelevate answers 422 with the submitted value).
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
        : `${system} ${operation} answered ${status}${leadsTo === undefined ? '' : `, which leads to ${leadsTo}: configure the address that answers itself`}`,
    );
    this.system = system;
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** For an answer in another shape than the system's own: something in between gave it, so the outcome is open, and it passes. */
export function notOf(system: string, operation: string, status: number): OutsideError {
  return new OutsideError(system, operation, { code: `${status} that is not its own` });
}

/** Whether the other side answered that it did not do it. Anything less clear leaves the outcome open. */
export function saidNo(error: unknown): boolean {
  if (error instanceof ApplicationFailure) return true;
  const status = error instanceof OutsideError ? error.status : undefined;
  return status !== undefined && status >= 400 && status < 500 && status !== 408;
}
