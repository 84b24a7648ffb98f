export type Defer = (release: () => Promise<void>) => void;

/**
 * Runs `task` and then, newest first, everything it deferred, whether it succeeded or not.
 * @param interruption when aborted, `task` is no longer awaited: everything it deferred is released, and later deferrals run at once
 * @throws what `task` throws, or the reason of the interruption
 */
export async function withCleanup<T>(task: (defer: Defer) => Promise<T>, interruption?: AbortSignal): Promise<T> {
  const releases: (() => Promise<void>)[] = [];
  let isOver = false;
  const defer: Defer = (release) => void (isOver ? release().catch(() => undefined) : releases.push(release));
  try {
    return await untilAborted(task(defer), interruption);
  } finally {
    isOver = true;
    for (const release of releases.reverse()) await release();
  }
}

function untilAborted<T>(running: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return running;
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  return Promise.race([running, promise]).finally(() => signal.removeEventListener('abort', abort));
}
