import { Readable } from 'node:stream';
import { scope } from './scope.js';

/** Start of the lease of the attempt with this signal, in Unix ms. */
const leaseFrom = new WeakMap<AbortSignal, number>();

/** When the attempt with this signal last sent a request, in Unix ms. */
const askedAt = new WeakMap<AbortSignal, number>();

/** Call it just before a request is sent. */
export function asking(): void {
  askedAt.set(scope().signal, Date.now());
}

/** When the last request was sent. Its answer is dated by this moment, since a process may be frozen before it reads the answer. */
export function lastAsked(): number | undefined {
  return askedAt.get(scope().signal);
}

/** From this moment (Unix ms) until the lease expires, this attempt may send changes. */
export function beginLease(from: number): void {
  leaseFrom.set(scope().signal, from);
}

/** Whether the lease has expired, so another attempt may run by now. Ask just before a change that is no HTTP request. */
export function isLate(): boolean {
  const { signal, leaseMs } = scope();
  return Date.now() > (leaseFrom.get(signal) ?? Number.POSITIVE_INFINITY) + leaseMs;
}

/**
 * The body of a request that changes something. It checks the lease again just before its first byte is sent: a process that was
 * frozen after the fence check must not send the request when it thaws.
 */
export function withinLease(content: Buffer): Buffer | Readable {
  const { signal, leaseMs } = scope();
  const begun = leaseFrom.get(signal);
  if (begun === undefined || !Number.isFinite(leaseMs)) return content;
  return Readable.from(inTime(content, begun + leaseMs), { objectMode: false });
}

async function* inTime(content: Buffer, until: number): AsyncGenerator<Buffer> {
  if (Date.now() > until) throw withCode('TOO_LATE');
  yield content;
}

/** Reported by its code alone, like network errors. */
export function withCode(code: string): Error {
  return Object.assign(new Error(code), { code });
}
