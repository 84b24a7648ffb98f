import type * as Crypto from 'node:crypto';
import { promisify } from 'node:util';
import type { Simulation } from './engine.js';
import { type Any, builtin, replace, sim } from './replace.js';

const crypto = builtin<typeof Crypto>('node:crypto');

type Pair = Crypto.KeyPairKeyObjectResult;
type Options = Readonly<Record<string, never>>;

/** Draws key pairs from the seed, synchronously. RSA keys are found by trial, which no seed reaches. */
export function patchKeys(): void {
  const made = crypto.generateKeyPairSync as Any;
  const generate = (type: string, options: Options = {}): unknown => {
    const current = sim();
    const pair = current ? seeded(current, type, options) : null;
    return pair ? encoded(pair, options) : made(type as never, options as never);
  };
  replace(crypto, 'generateKeyPairSync', () => generate as never);
  replace(crypto, 'generateKeyPair', (original) => {
    const later = promisify(original) as Any;
    const withCallback = (type: string, options: Options, done: Any): void => {
      if (!sim()) return void (original as Any)(type as never, options as never, done as never);
      const { publicKey, privateKey } = generate(type, options) as Pair;
      process.nextTick(done, null, publicKey, privateKey);
    };
    const withPromise = async (type: string, options: Options): Promise<unknown> =>
      sim() ? generate(type, options) : later(type as never, options as never);
    return Object.assign(withCallback, { [promisify.custom]: withPromise }) as never;
  });
}

/** The first bytes of an Ed25519 private key in PKCS #8 (RFC 8410). */
const ed25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
const curves: Readonly<Record<string, { readonly curve: string; readonly crv: string; readonly bytes: number }>> = {
  'P-256': { curve: 'prime256v1', crv: 'P-256', bytes: 32 },
  'P-521': { curve: 'secp521r1', crv: 'P-521', bytes: 66 },
};

/** Null for a type of key that no seed reaches. */
function seeded(current: Simulation, type: string, options: Options): Pair | null {
  const draw = (size: number): Buffer => {
    const bytes = Buffer.alloc(size);
    current.entropy.fill(bytes);
    return bytes;
  };
  if (type === 'ed25519') {
    const key = Buffer.concat([ed25519, draw(32)]);
    return pairOf(crypto.createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
  }
  const named = type === 'ec' ? curves[String(options['namedCurve'])] : undefined;
  return named ? pairOf(onCurve(named, draw)) : null;
}

function onCurve(
  { curve, crv, bytes }: NonNullable<(typeof curves)[string]>,
  draw: (size: number) => Buffer,
): Crypto.KeyObject {
  const secret = draw(bytes);
  secret[0] = 0; // keeps the secret below the order of the curve
  const half = crypto.createECDH(curve);
  half.setPrivateKey(secret);
  const point = half.getPublicKey();
  const [x, y] = [point.subarray(1, 1 + bytes), point.subarray(1 + bytes)];
  const text = (part: Buffer): string => part.toString('base64url');
  const key = { kty: 'EC', crv, d: text(secret), x: text(x), y: text(y) };
  return crypto.createPrivateKey({ key, format: 'jwk' });
}

function pairOf(privateKey: Crypto.KeyObject): Pair {
  return { publicKey: crypto.createPublicKey(privateKey), privateKey };
}

/** The pair as key objects, or in the encodings that were asked for. */
function encoded({ publicKey, privateKey }: Pair, options: Options): unknown {
  const { publicKeyEncoding, privateKeyEncoding } = options;
  return {
    publicKey: publicKeyEncoding ? publicKey.export(publicKeyEncoding) : publicKey,
    privateKey: privateKeyEncoding ? privateKey.export(privateKeyEncoding) : privateKey,
  };
}
