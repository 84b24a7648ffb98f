import { createHash } from 'node:crypto';
import ssh2 from 'ssh2';
import { remembered } from '../remembered.js';

/** A key pair as `ssh-keygen -t ed25519` makes one. */
export interface LabKey {
  /** OpenSSH format. */
  readonly privateKey: string;
  /** What a line of authorized_keys knows it by, base64. */
  readonly blob: string;
}

const blobBytes = 51; // kind and 32 bytes, each with its length

/** The library drops a zero that a public key begins with, one time in 256: such a pair is no pair. */
export function newLabKey(passphrase?: string): LabKey {
  for (;;) {
    const sealed = passphrase === undefined ? {} : { passphrase, cipher: 'aes256-ctr', rounds: 1 };
    const privateKey = ssh2.utils.generateKeyPairSync('ed25519', { comment: 'docuelevate-sftp', ...sealed }).private;
    const blob = blobOf(privateKey, passphrase);
    if (blob !== null && Buffer.from(blob, 'base64').length === blobBytes) return { privateKey, blob };
  }
}

/** Null when it is no private key, or cannot be read without another passphrase. */
export function blobOf(privateKey: string, passphrase?: string): string | null {
  const key = ssh2.utils.parseKey(privateKey, passphrase);
  return key instanceof Error || !key.isPrivateKey() ? null : key.getPublicSSH().toString('base64');
}

/** As sshd names a key in its log. */
export const nameOf = remembered((blob) => {
  const bytes = Buffer.from(blob, 'base64');
  const kind = bytes.toString('latin1', 4, 4 + bytes.readUInt32BE());
  const name = kind.replace(/^ssh-/, '').replace(/^ecdsa-.*/, 'ecdsa');
  const hash = createHash('sha256').update(bytes).digest('base64').replace(/=+$/, '');
  return `${name.toUpperCase()} SHA256:${hash}`;
});

/** A key in an authorized_keys file. */
export interface KeyLine {
  /** Counted from 1. */
  readonly number: number;
  readonly options: string;
  readonly blob: string;
}

const kinds = 'ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)';
const options = '(?:"(?:\\\\.|[^"\\\\])*"|[^\\s"])+';
const line = new RegExp(`^[ \\t]*(?:(${options})[ \\t]+)?(${kinds})[ \\t]+([A-Za-z0-9+/=]+)(?:\\s[^]*)?$`);

/** What sshd takes from an authorized_keys file: one key a line, after options and before a comment. What is cut off is no key. */
export const keysIn = remembered((text): readonly KeyLine[] =>
  text.split('\n').flatMap((each, index) => {
    const [, given = '', kind = '', blob = ''] = /^[ \t]*#/.test(each) ? [] : (line.exec(each) ?? []);
    if (blob === '' || ssh2.utils.parseKey(`${kind} ${blob}`) instanceof Error) return [];
    return { number: index + 1, options: given, blob };
  }),
);

export function blobsIn(text: string): string[] {
  return keysIn(text).map(({ blob }) => blob);
}
