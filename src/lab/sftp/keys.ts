import ssh2 from 'ssh2';

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

const kinds = 'ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)';
const line = new RegExp(`^(?:[^ \\t]+[ \\t]+)?(?:${kinds})[ \\t]+([A-Za-z0-9+/=]+)(?:[ \\t]|$)`);

/** What sshd takes from an authorized_keys file: one key a line, after options and before a comment. */
export function blobsIn(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((each) => each.trim())
    .filter((each) => !each.startsWith('#'))
    .flatMap((each) => line.exec(each.replace(/"(?:\\.|[^"\\])*"/g, '""'))?.[1] ?? []);
}
