import { createHash } from 'node:crypto';
import type { ParsedKey } from 'ssh2';
import { permanent } from '../shared/failures.js';
import { ssh } from './library.js';

/** A key pair as files hold it. */
export interface KeyPair {
  /** OpenSSH format, without the last line break. */
  readonly privateKey: string;
  /** The key itself as lines of authorized_keys have it, in base64. */
  readonly publicKey: string;
}

/** Kind and 32 bytes, each with its length before it. */
const ed25519Bytes = 51;

/** Of OpenSSH's key derivation: a file that is read once per upload. */
const rounds = 16;

/**
 * The library cuts off the zeros that a public key begins with, one key in 256: such a file can be read by nobody. So the length is
 * looked at, and that what the private half signs fits the public one.
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

/** A private key to sign in with. Throws in words of our own: one that cannot be read must not pass for one that is refused. */
export function readKey(privateKey: string, passphrase?: string): ParsedKey {
  const key = ssh().utils.parseKey(privateKey, passphrase);
  if (!(key instanceof Error) && key.isPrivateKey()) return key;
  const why = key instanceof Error ? whyUnreadable(key.message) : 'is no private key';
  throw permanent('Rejected', `the private key ${why}`);
}

/** The library's words are looked at and not passed on. */
function whyUnreadable(message: string): string {
  if (message.includes('no passphrase given'))
    return 'is encrypted: say with "passphrase" where its passphrase is kept';
  if (/passphrase|integrity|decrypt/i.test(message))
    return 'is encrypted with another passphrase than the configured one';
  return "cannot be read: OpenSSH's own format or a PEM of RSA is needed, not PKCS#8 (ssh-keygen -p -f <file> converts one)";
}

/** `SHA256:…`, as ssh-keygen -l shows it. */
export function fingerprintOf(publicKey: string): string {
  const hash = createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('base64');
  return `SHA256:${hash.replace(/=+$/, '')}`;
}

/** The kind of a public key, which it begins with. */
export function kindOf(publicKey: string): string {
  const bytes = Buffer.from(publicKey, 'base64');
  return bytes.toString('latin1', 4, 4 + bytes.readUInt32BE());
}
