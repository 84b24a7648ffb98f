export type Defer = (release: () => Promise<void>) => void;

/** Runs `work` and then, newest first, everything it deferred, whether it succeeded or not. */
export async function withCleanup<T>(work: (defer: Defer) => Promise<T>): Promise<T> {
  const releases: (() => Promise<void>)[] = [];
  try {
    return await work((release) => releases.push(release));
  } finally {
    for (const release of releases.reverse()) await release();
  }
}
