import type * as Crypto from 'node:crypto';
import type { Simulation } from './engine.js';
import { type Any, builtin, replace, sim } from './replace.js';

/** Draws keys, nonces and ids from the seed. */
export function patchRandomness(): void {
  const random = Math.random;
  replace(Math, 'random', () => () => sim()?.entropy.between(0, 1) ?? random());
  const crypto = builtin<typeof Crypto>('node:crypto');
  replace(
    crypto,
    'randomBytes',
    (original) =>
      ((size: number, ...rest: never[]) => {
        const current = sim();
        return current ? bytes(current, size) : (original as Any)(size as never, ...rest);
      }) as never,
  );
  replace(crypto, 'randomInt', (original) => integers(original as Any) as never);
  replace(crypto, 'randomUUID', (original) => uuids(original));
  replace(globalThis.crypto, 'randomUUID', (original) => uuids(original.bind(globalThis.crypto)));
  replace(globalThis.crypto, 'getRandomValues', (original) => values(original.bind(globalThis.crypto)));
}

/** As in Node: from 0, or from the first bound, to below the last. With a callback, Node itself draws. */
function integers(original: Any): Any {
  return (...args: never[]) => {
    const current = sim();
    const bounds = args.filter((arg) => typeof arg === 'number') as number[];
    if (!current || bounds.length < args.length) return original(...args);
    const [from, to] = bounds.length > 1 ? bounds : [0, ...bounds];
    return Math.floor(current.entropy.between(from ?? 0, to ?? 0));
  };
}

function bytes(current: Simulation, size: number): Buffer {
  const made = Buffer.alloc(size);
  current.entropy.fill(made);
  return made;
}

/** Version 4, variant 1, as in RFC 9562. */
function uuid(current: Simulation): string {
  const made = bytes(current, 16);
  made[6] = (made[6]! & 0x0f) | 0x40;
  made[8] = (made[8]! & 0x3f) | 0x80;
  return made.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function uuids(original: typeof Crypto.randomUUID): typeof Crypto.randomUUID {
  return ((options) => {
    const current = sim();
    return current ? uuid(current) : original(options);
  }) as typeof Crypto.randomUUID;
}

function values(original: typeof globalThis.crypto.getRandomValues): typeof globalThis.crypto.getRandomValues {
  return (array) => {
    const current = sim();
    if (!current) return original(array);
    if (array) current.entropy.fill(array as unknown as Uint8Array);
    return array;
  };
}
