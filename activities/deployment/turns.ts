/** Lets work on one engine run one at a time, in the order of asking. Two restarts at once would stop one another's containers. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  take<T>(engine: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(engine) ?? Promise.resolve()).then(work);
    this.#last.set(
      engine,
      turn.catch(() => undefined), // its own caller has the failure
    );
    return turn;
  }
}
