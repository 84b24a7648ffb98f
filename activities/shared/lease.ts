import { Readable } from 'node:stream';
import { scope } from './scope.js';

/** When the attempt with this signal last presented its fence, in Unix ms. */
const presentedAt = new WeakMap<AbortSignal, number>();

/** When the attempt with this signal last asked something outside, in Unix ms. */
const askedAt = new WeakMap<AbortSignal, number>();

/** Called when a question is about to leave. */
export function asking(): void {
  askedAt.set(scope().signal, Date.now());
}

/** The moment from which on the last answer was true, as far as we know: a process may be frozen before it reads what came. */
export function lastAsked(): number | undefined {
  return askedAt.get(scope().signal);
}

/** From this moment (Unix ms), and for as long as nobody can have taken over, a change of this attempt may leave the process. */
export function beginLease(from: number): void {
  presentedAt.set(scope().signal, from);
}

/** Whether somebody else may be doing this by now. Asked in the same breath in which a change leaves that is no HTTP request. */
export function isLate(): boolean {
  const { signal, leaseMs } = scope();
  return Date.now() > (presentedAt.get(signal) ?? Number.POSITIVE_INFINITY) + leaseMs;
}

/**
 * The content of a request that changes something, which looks at the clock once more when its first byte is about to leave: a process that
 * was frozen after it presented its fence must not go on with the request when it thaws.
 */
export function withinLease(content: Buffer): Buffer | Readable {
  const { signal, leaseMs } = scope();
  const begun = presentedAt.get(signal);
  if (begun === undefined || !Number.isFinite(leaseMs)) return content;
  return Readable.from(inTime(content, begun + leaseMs), { objectMode: false });
}

async function* inTime(content: Buffer, until: number): AsyncGenerator<Buffer> {
  if (Date.now() > until) throw new LateError();
  yield content;
}

/** Somebody else may be doing this by now. Told by its code alone, as network errors are. */
class LateError extends Error {
  readonly code = 'TOO_LATE';
}
