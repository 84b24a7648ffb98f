import { Readable } from 'node:stream';
import { scope } from './scope.js';

/** When the attempt with this signal last presented its fence, in Unix ms. */
const presentedAt = new WeakMap<AbortSignal, number>();

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
