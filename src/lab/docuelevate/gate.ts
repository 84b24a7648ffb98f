/** Blocks a process: it handles nothing while it is blocked. */
export interface Gate {
  /** Blocks the process until the promise settles. */
  readonly block: <T>(promise: Promise<T>) => Promise<T>;
  readonly pass: () => Promise<void>;
  readonly isBlocked: () => boolean;
}

export function createGate(): Gate {
  let blocked: Promise<unknown> | null = null;
  return {
    block(promise) {
      const own = promise
        .catch(() => undefined)
        .finally(() => {
          if (blocked === own) blocked = null;
        });
      blocked = own;
      return promise;
    },
    async pass() {
      await blocked;
    },
    isBlocked: () => blocked !== null,
  };
}
