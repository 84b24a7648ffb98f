export type Defer = (release: () => Promise<void>) => void;

/**
 * Runs `work` and then, newest first, everything it deferred, whether it succeeded or not.
 * @param interruption when it is aborted, `work` is not waited for: what it deferred is released, and what it still defers then at once
 * @throws what `work` throws, or the reason of the interruption
 */
export async function withCleanup<T>(work: (defer: Defer) => Promise<T>, interruption?: AbortSignal): Promise<T> {
  const releases: (() => Promise<void>)[] = [];
  let isOver = false;
  const defer: Defer = (release) => void (isOver ? release().catch(() => undefined) : releases.push(release));
  try {
    return await untilAborted(work(defer), interruption);
  } finally {
    isOver = true;
    for (const release of releases.reverse()) await release();
  }
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', abort));
}
