import { createHash } from 'node:crypto';

/** A stream of numbers that depends on its seed alone (xoshiro128**). */
export class Random {
  readonly #state: Uint32Array;

  constructor(seed: string) {
    const digest = createHash('sha256').update(seed).digest();
    this.#state = new Uint32Array(4).map((_, index) => digest.readUInt32LE(index * 4));
  }

  /** 32 bits. */
  next(): number {
    const s = this.#state;
    const result = Math.imul(rotl(Math.imul(s[1]!, 5), 7), 9) >>> 0;
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = rotl(s[3]!, 11);
    return result;
  }

  /** At least `from`, less than `to`. */
  between(from: number, to: number): number {
    return from + (this.next() / 2 ** 32) * (to - from);
  }

  below(count: number): number {
    return Math.floor(this.between(0, count));
  }

  chance(share: number): boolean {
    return this.between(0, 1) < share;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  fill(bytes: Uint8Array): void {
    for (let index = 0; index < bytes.length; index++) bytes[index] = this.next() >>> 24;
  }
}

function rotl(value: number, by: number): number {
  return ((value << by) | (value >>> (32 - by))) >>> 0;
}
