import type { Parked, Waiting } from '../../src/domain/rotation.js';

type Asked = Omit<Waiting, 'id'>;

/** Names what is asked, so that an answer is for one question and no other. */
export class Questions {
  readonly #newId: () => string;
  /** Ids by what was asked: a step that was tried again in vain asks the same question once more, as long as nobody has answered it. */
  readonly #open = new Map<string, string>();

  constructor(newId: () => string, open: Parked['questions'] = []) {
    this.#newId = newId;
    for (const [asked, id] of open) this.#open.set(asked, id);
  }

  /** For the next run: whoever has read a question may answer it there. */
  parked(): NonNullable<Parked['questions']> {
    return [...this.#open];
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
