import { createHash } from 'node:crypto';
import ssh2 from 'ssh2';
import { remembered } from '../remembered.js';

/** A key pair like one of `ssh-keygen -t ed25519`. */
export interface LabKey {
  /** OpenSSH format. */
  readonly privateKey: string;
  /** The public key in authorized_keys, base64. */
  readonly blob: string;
}

const blobBytes = 51; // key type and 32 bytes, each with its length

/** Generates a key pair. The library drops a leading zero of a public key, once in 256 times; such pairs are discarded. */
export function newLabKey(passphrase?: string): LabKey {
  for (;;) {
    const sealed = passphrase === undefined ? {} : { passphrase, cipher: 'aes256-ctr', rounds: 1 };
    const privateKey = ssh2.utils.generateKeyPairSync('ed25519', { comment: 'docuelevate-sftp', ...sealed }).private;
    const blob = blobOf(privateKey, passphrase);
    if (blob !== null && Buffer.from(blob, 'base64').length === blobBytes) return { privateKey, blob };
  }
}

/** The public key of a private key; null when the text is not a private key or needs another passphrase. */
export function blobOf(privateKey: string, passphrase?: string): string | null {
  const key = ssh2.utils.parseKey(privateKey, passphrase);
  return key instanceof Error || !key.isPrivateKey() ? null : key.getPublicSSH().toString('base64');
}

/** The name of a key in sshd's log. */
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

/** Reads an authorized_keys file like sshd: one key a line, after options and before a comment. A truncated key does not count. */
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
