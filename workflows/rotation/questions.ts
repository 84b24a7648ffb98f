import type { Waiting } from '../../src/domain/rotation.js';

type Asked = Omit<Waiting, 'id'>;

/** Names what is asked, so that an answer is for one question and no other. */
export class Questions {
  readonly #newId: () => string;
  /** Ids by what was asked: a step that was tried again in vain asks the same question once more, as long as nobody has answered it. */
  readonly #open = new Map<string, string>();

  constructor(newId: () => string) {
    this.#newId = newId;
  }

  /** Side by side, two that say the same are two. */
  ask(asked: Asked, beside: readonly Waiting[]): Waiting {
    const known = this.#open.get(saidIn(asked));
    const id = known === undefined || beside.some((other) => other.id === known) ? this.#newId() : known;
    this.#open.set(saidIn(asked), id);
    return { ...asked, id };
  }

  /** Asked again it is another question. */
  close(answered: Waiting): void {
    this.#open.delete(saidIn(answered));
  }
}

function saidIn({ for: whom, why, impact, choices }: Asked): string {
  return JSON.stringify([whom === 'grace', why, impact, choices]);
}
