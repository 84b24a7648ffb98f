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
const baseBytes = 128; // twice what is asked for at least
const passwordLength = 32;
const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789'; // none that is mistaken for another one
const signs = '-_.~'; // mean nothing in addresses, shells and files of variables

/** A new value by parts: what the engine gets, and what its user needs. */
export async function newValue(type: SecretType, algorithm: JwtAlgorithm): Promise<Record<string, string>> {
  if (type === 'secret_key_base') return { secret: randomBytes(baseBytes).toString('hex') };
  return type === 'dashboard_password' ? { password: newPassword() } : newKeyPair(algorithm);
}

/** Some of each: letters of both cases, digits and signs. */
function newPassword(): string {
  for (;;) {
    const alphabet = letters + signs;
    const password = Array.from({ length: passwordLength }, () => alphabet[randomInt(alphabet.length)]).join('');
    if ([/[A-Z]/, /[a-z]/, /\d/, /[-_.~]/].every((kind) => kind.test(password)) && /^\w/.test(password))
      return password;
  }
}

async function newKeyPair(algorithm: JwtAlgorithm): Promise<Record<string, string>> {
  const { publicKey, privateKey } = algorithm.startsWith('RS')
    ? await generate('rsa', { modulusLength })
    : await generate('ec', { namedCurve: algorithm === 'ES256' ? 'P-256' : 'P-521' });
  return { publicKey: publicPem(publicKey), privateKey: privatePem(privateKey) };
}

/** Both halves of an adopted key from whichever is given. Throws when it is no key. */
export function keyPairOf(text: string): Record<string, string> {
  if (!text.includes('PRIVATE KEY')) return { publicKey: publicPem(createPublicKey(text)) };
  const key = createPrivateKey(text);
  return { publicKey: publicPem(createPublicKey(key)), privateKey: privatePem(key) };
}

/** Why tokens of an algorithm cannot be made with a key; null when they can. */
export function whyNotFor(algorithm: JwtAlgorithm, publicKey: string): string | null {
  const { asymmetricKeyType: kind, asymmetricKeyDetails: details } = createPublicKey(publicKey);
  const curve = algorithm === 'ES256' ? 'prime256v1' : 'secp521r1';
  const fits = algorithm.startsWith('RS') ? kind === 'rsa' : kind === 'ec' && details?.namedCurve === curve;
  return fits
    ? null
    : `the key is of the kind ${details?.namedCurve ?? kind ?? 'unknown'}, and JWT_ALGORITHM is ${algorithm}`;
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

function privatePem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
