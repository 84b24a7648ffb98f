import type { Parked, Waiting } from '../../src/domain/rotation.js';

type Asked = Omit<Waiting, 'id'>;

/** Gives every question an id, so that an answer belongs to one question and no other. */
export class Questions {
  readonly #newId: () => string;
  /** Ids by what was asked: until somebody answers, a step that fails again in the same way repeats its question. */
  readonly #open = new Map<string, string>();

  constructor(newId: () => string, open: Parked['questions'] = []) {
    this.#newId = newId;
    for (const [asked, id] of open) this.#open.set(asked, id);
  }

  /** For the next run, where a person may answer a question of this one. */
  parked(): NonNullable<Parked['questions']> {
    return [...this.#open];
  }

  /** Two branches that ask the same have two questions. */
  ask(asked: Asked, beside: readonly Waiting[]): Waiting {
    const known = this.#open.get(saidIn(asked));
    const id = known === undefined || beside.some((other) => other.id === known) ? this.#newId() : known;
    this.#open.set(saidIn(asked), id);
    return { ...asked, id };
  }

  /** Asking the same again makes another question. */
  close(answered: Waiting): void {
    this.#open.delete(saidIn(answered));
  }
}

function saidIn({ for: whom, why, impact, choices }: Asked): string {
  return JSON.stringify([whom === 'grace', why, impact, choices]);
}
