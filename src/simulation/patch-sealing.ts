import type * as Crypto from 'node:crypto';
import { type Any, builtin, held, replace, sim } from './replace.js';

/** A key that never leaves this thread. */
interface RawKey {
  readonly raw: Buffer;
}

interface Gcm {
  readonly iv: Uint8Array;
  readonly additionalData: Uint8Array;
}

/**
 * WebCrypto answers from a thread pool, at any time. Sealing (A256GCM) is therefore synchronous here; any other call
 * stops the clock until it is done.
 */
export function patchSealing(): void {
  const { subtle } = globalThis.crypto;
  const original: Original = {
    importKey: subtle.importKey.bind(subtle),
    encrypt: subtle.encrypt.bind(subtle),
    decrypt: subtle.decrypt.bind(subtle),
  };
  replace(subtle, 'importKey', () => importing(original) as never);
  replace(subtle, 'encrypt', () => encrypting(original));
  replace(subtle, 'decrypt', () => decrypting(original));
  for (const name of elsewhere)
    replace(
      subtle as unknown as Record<string, Any>,
      name,
      (call) =>
        (...args) =>
          held(call.apply(subtle, args) as Promise<unknown>),
    );
}

/** All other methods of WebCrypto. */
const elsewhere = [
  ...(['sign', 'verify', 'digest', 'generateKey'] as const),
  ...(['exportKey', 'deriveBits', 'wrapKey', 'unwrapKey'] as const),
];

type Subtle = typeof globalThis.crypto.subtle;
type Original = Pick<Subtle, 'importKey' | 'encrypt' | 'decrypt'>;

const { createCipheriv, createDecipheriv } = builtin<typeof Crypto>('node:crypto');
const isRaw = (key: unknown): key is RawKey => typeof key === 'object' && key !== null && 'raw' in key;

function importing(original: Original) {
  return async (...args: Parameters<Original['importKey']>): Promise<unknown> => {
    const [format, data, algorithm, , usages] = args as unknown as ImportArguments;
    const name = typeof algorithm === 'string' ? algorithm : algorithm.name;
    if (!sim() || format !== 'raw' || name !== 'AES-GCM') return held(original.importKey(...args));
    return {
      ...{ [Symbol.toStringTag]: 'CryptoKey', type: 'secret', usages },
      ...{ algorithm: { name, length: data.length * 8 }, raw: Buffer.from(data) },
    };
  };
}

type ImportArguments = [string, Uint8Array, { name?: string } | string, boolean, string[]];

function encrypting(original: Original): Subtle['encrypt'] {
  return async (algorithm, key: unknown, data) => {
    if (!isRaw(key)) return held(original.encrypt(algorithm, key as never, data));
    const { iv, additionalData } = algorithm as unknown as Gcm;
    const cipher = createCipheriv('aes-256-gcm', key.raw, iv).setAAD(additionalData);
    return arrayBuffer(Buffer.concat([cipher.update(data as Uint8Array), cipher.final(), cipher.getAuthTag()]));
  };
}

function decrypting(original: Original): Subtle['decrypt'] {
  return async (algorithm, key: unknown, data) => {
    if (!isRaw(key)) return held(original.decrypt(algorithm, key as never, data));
    const { iv, additionalData } = algorithm as unknown as Gcm;
    const sealed = data as Uint8Array;
    const decipher = createDecipheriv('aes-256-gcm', key.raw, iv).setAAD(additionalData);
    decipher.setAuthTag(sealed.subarray(-tagBytes));
    return arrayBuffer(Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()]));
  };
}

const tagBytes = 16; // WebCrypto puts the tag at the end

function arrayBuffer(buffer: Buffer): ArrayBuffer {
  return new Uint8Array(buffer).buffer;
}
