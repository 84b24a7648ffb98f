/** A process that answers nothing while it is blocked. */
export interface Gate {
  /** Blocks the process until the work ends. */
  readonly block: <T>(work: Promise<T>) => Promise<T>;
  readonly pass: () => Promise<void>;
}

export function createGate(): Gate {
  let blocked: Promise<unknown> = Promise.resolve();
  return {
    block(work) {
      blocked = work.catch(() => undefined);
      return work;
    },
    async pass() {
      await blocked;
    },
  };
}
