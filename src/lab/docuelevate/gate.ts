/** Blocks a process: it answers no request while it is blocked. */
export interface Gate {
  /** Blocks the process until the promise settles. */
  readonly block: <T>(promise: Promise<T>) => Promise<T>;
  readonly pass: () => Promise<void>;
}

export function createGate(): Gate {
  let blocked: Promise<unknown> = Promise.resolve();
  return {
    block(promise) {
      blocked = promise.catch(() => undefined);
      return promise;
    },
    async pass() {
      await blocked;
    },
  };
}
