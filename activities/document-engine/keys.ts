import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
  randomInt,
} from 'node:crypto';
import { promisify } from 'node:util';
import { compactVerify } from 'jose';
import type { JwtAlgorithm, SecretType } from './client.js';

const generate = promisify(generateKeyPair);
const modulusLength = 2048;
const baseBytes = 128; // twice the required minimum
const passwordLength = 32;
const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789'; // without characters that look alike
const signs = '-_.~'; // have no meaning in addresses, shells and environment files

/** A new value by parts: the engine's part, and the part that its user needs. */
export async function newValue(type: SecretType, algorithm: JwtAlgorithm): Promise<Record<string, string>> {
  if (type === 'secret_key_base') return { secret: randomBytes(baseBytes).toString('hex') };
  return type === 'dashboard_password' ? { password: newPassword() } : newKeyPair(algorithm);
}

/** Contains letters of both cases, digits and signs. */
function newPassword(): string {
  for (;;) {
    const alphabet = letters + signs;
    const password = Array.from({ length: passwordLength }, () => alphabet[randomInt(alphabet.length)]).join('');
    if ([/[A-Z]/, /[a-z]/, /\d/, /[-_.~]/].every((kind) => kind.test(password)) && /^\w/.test(password))
      return password;
  }
}

async function newKeyPair(algorithm: JwtAlgorithm): Promise<Record<string, string>> {
  const { privateKey } = algorithm.startsWith('RS')
    ? await generate('rsa', { modulusLength })
    : await generate('ec', { namedCurve: algorithm === 'ES256' ? 'P-256' : 'P-521' });
  return halvesOf(privateKey);
}

function halvesOf(key: KeyObject): Record<string, string> {
  const privateKey = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { publicKey: publicPem(createPublicKey(key)), privateKey };
}

/** The parts of an adopted key: both halves of a private key, or a public key alone. Throws when it is no key. */
export function keyPairOf(text: string): Record<string, string> {
  return text.includes('PRIVATE KEY')
    ? halvesOf(createPrivateKey(text))
    : { publicKey: publicPem(createPublicKey(text)) };
}

/** Why a key cannot sign tokens of an algorithm. Null when it can. */
export function whyNotFor(algorithm: JwtAlgorithm, publicKey: string): string | null {
  const { asymmetricKeyType: kind, asymmetricKeyDetails: details } = createPublicKey(publicKey);
  const curve = algorithm === 'ES256' ? 'prime256v1' : 'secp521r1';
  const fits = algorithm.startsWith('RS') ? kind === 'rsa' : kind === 'ec' && details?.namedCurve === curve;
  return fits
    ? null
    : `the type of the key is ${details?.namedCurve ?? kind ?? 'unknown'}, but JWT_ALGORITHM is ${algorithm}`;
}

/** Whether a token was signed with the private half of a key. */
export function isSignedWith(publicKey: string, token: string): Promise<boolean> {
  return compactVerify(token, createPublicKey(publicKey)).then(
    () => true,
    () => false,
  );
}

function publicPem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}
