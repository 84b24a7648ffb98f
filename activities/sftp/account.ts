import { z } from 'zod';
import { DurationText, FilePath } from '../../src/fields/fields.js';
import { SecretRef } from '../../src/fields/secret-ref.js';

/** The `provider` section of an SFTP private key. */
export const SftpAccount = z.strictObject({
  host: z
    .string()
    .regex(/^[\w.:-]+$/, 'the name or address of the server alone')
    .describe('The SFTP server, as DocuElevate has it in sftp_host.'),
  port: z.int().min(1).max(65535).default(22).describe('Its port.'),
  username: z
    .string()
    .min(1)
    .describe('The account that documents are put into, as DocuElevate has it in sftp_username.'),
  hostKey: z
    .string()
    .regex(
      /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+=*$/,
      'a kind and a key as known_hosts has them after the host, for example: ssh-ed25519 AAAA…',
    )
    .describe("The server's host key: kind and key, as `ssh-keyscan -t ed25519 <host>` and known_hosts have them."),
  adminKey: SecretRef.describe(
    "A private key of Keyturn's own, without a passphrase, that may change authorized_keys. It is never rotated.",
  ),
  adminUsername: z
    .string()
    .min(1)
    .optional()
    .describe('Whose account that key opens, where it is not the same account: root, for keys in a central file.'),
  authorizedKeys: z
    .string()
    .min(1)
    .default('.ssh/authorized_keys')
    .describe("The account's authorized_keys, as whoever changes it sees it over SFTP."),
  keyFile: FilePath.describe(
    'The private key file that DocuElevate reads now, as a path on this machine. Each new key gets a file of its own beside it.',
  ),
  keyFileInEngine: z
    .string()
    .regex(/^\//, 'an absolute path')
    .optional()
    .describe("The same file as DocuElevate's worker sees it, where that is another path: sftp_private_key holds it."),
  passphrase: SecretRef.optional().describe(
    'Encrypts the key files; DocuElevate gets it as sftp_private_key_passphrase.',
  ),
  propagation: DurationText.prefault('0 seconds').describe(
    'How long a change of authorized_keys may take to count; sshd reads it at each login, several servers behind one name may not.',
  ),
});
export type SftpAccount = z.infer<typeof SftpAccount>;

/** Tells one authorized_keys file from another. */
export function sftpIdentity({ host, port, username }: SftpAccount): string {
  return `${username}@${host.toLowerCase()}:${port}`;
}

export function sftpAddress({ host, port }: SftpAccount): string {
  return `sftp://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** A private key as we keep it: its file without line ends of Windows, and without the last one. */
export function keyText(file: string): string {
  return file.replaceAll('\r\n', '\n').trim();
}

/** What an adopted value consists of: the text of the private key. */
export function sftpParts({
  privateKey = '',
  ...others
}: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const text = keyText(privateKey);
  if (!/^-+BEGIN [A-Z ]*PRIVATE KEY-+\n/.test(text)) throw new Error('no private key');
  return { ...others, privateKey: text };
}
