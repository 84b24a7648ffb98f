import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import type ssh2 from 'ssh2';
import type { ParsedKey } from 'ssh2';
import { permanent } from '../shared/failures.js';

const load = createRequire(import.meta.url);

/** The library. Loaded when a server is asked or a key is read, because every command loads the files around it. */
export function ssh(): typeof ssh2 {
  return load('ssh2') as typeof ssh2;
}

/** A key pair, as in files. */
export interface KeyPair {
  /** OpenSSH format, without the last line break. */
  readonly privateKey: string;
  /** The key as in authorized_keys, in base64. */
  readonly publicKey: string;
}

/** Type and 32 bytes, each after its length. */
const ed25519Bytes = 51;

/** Rounds of OpenSSH's key derivation. Few, since the file is read once per upload. */
const rounds = 16;

/**
 * The library drops leading zero bytes of a public key, in one key of 256, and nothing can read such a file. So the length is
 * checked, and that the public half verifies a signature of the private one.
 */
export function newKeyPair(passphrase?: string): KeyPair {
  const sealed = passphrase === undefined ? {} : { passphrase, cipher: 'aes256-ctr', rounds };
  for (;;) {
    const privateKey = ssh()
      .utils.generateKeyPairSync('ed25519', { comment: 'docuelevate-sftp', ...sealed })
      .private.trim();
    const key = ssh().utils.parseKey(privateKey, passphrase);
    if (!(key instanceof Error) && key.getPublicSSH().length === ed25519Bytes && isPair(key))
      return { privateKey, publicKey: key.getPublicSSH().toString('base64') };
  }
}

function isPair(key: ParsedKey): boolean {
  const text = 'does the one half fit the other?';
  const publicHalf = ssh().utils.parseKey(`ssh-ed25519 ${key.getPublicSSH().toString('base64')}`);
  return !(publicHalf instanceof Error) && publicHalf.verify(text, key.sign(text));
}

/** A private key for a login. Throws a failure of our own: an unreadable key must not count as a refused one. */
export function readKey(privateKey: string, passphrase?: string): ParsedKey {
  const key = ssh().utils.parseKey(privateKey, passphrase);
  if (!(key instanceof Error) && key.isPrivateKey()) return key;
  const why = key instanceof Error ? whyUnreadable(key.message) : 'is no private key';
  throw permanent('Rejected', `the private key ${why}`);
}

/** Classifies the library's message, which is not passed on. */
function whyUnreadable(message: string): string {
  if (message.includes('no passphrase given')) return 'is encrypted: configure its passphrase as "passphrase"';
  if (/passphrase|integrity|decrypt/i.test(message))
    return 'is encrypted with another passphrase than the configured one';
  return "cannot be read: it has to be in OpenSSH's own format or an RSA PEM, not PKCS#8 (ssh-keygen -p -f <file> converts one)";
}

/** `SHA256:…`, as in the output of ssh-keygen -l. */
export function fingerprintOf(publicKey: string): string {
  const hash = createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('base64');
  return `SHA256:${hash.replace(/=+$/, '')}`;
}

/** The type at the beginning of a public key. */
export function kindOf(publicKey: string): string {
  const bytes = Buffer.from(publicKey, 'base64');
  return bytes.toString('latin1', 4, 4 + bytes.readUInt32BE());
}
