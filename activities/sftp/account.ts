import { z } from 'zod';
import { DurationText, FilePath } from '../../src/fields/fields.js';
import { SecretRef } from '../../src/fields/secret-ref.js';
import type { Parts } from '../kit/provider.js';

/** The `provider` section of an SFTP private key. */
export const SftpAccount = z.strictObject({
  host: z
    .string()
    .regex(/^[\w.:-]+$/, 'only the name or address of the server')
    .describe("The SFTP server, as in DocuElevate's sftp_host."),
  port: z.int().min(1).max(65535).default(22).describe('Its port.'),
  username: z.string().min(1).describe("The account that receives the documents, as in DocuElevate's sftp_username."),
  hostKey: z
    .string()
    .regex(
      /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+=*$/,
      'a type and a key, as after the host in known_hosts, for example: ssh-ed25519 AAAA…',
    )
    .describe("The server's host key: type and key, as in known_hosts or printed by `ssh-keyscan -t ed25519 <host>`."),
  adminKey: SecretRef.describe(
    "Keyturn's own private key, without a passphrase, with access to authorized_keys. It is never rotated.",
  ),
  adminUsername: z
    .string()
    .min(1)
    .optional()
    .describe('The account of that key, if it is another one: root, for keys in a central file.'),
  authorizedKeys: z
    .string()
    .min(1)
    .default('.ssh/authorized_keys')
    .describe("Path of the account's authorized_keys, as the administrator sees it over SFTP."),
  keyFile: FilePath.describe(
    'The private key file that DocuElevate reads now, as a path on this machine. Each new key gets its own file beside it.',
  ),
  keyFileInEngine: z
    .string()
    .regex(/^\//, 'an absolute path')
    .optional()
    .describe("Path of the same file for DocuElevate's worker, if it is another one. sftp_private_key holds it."),
  passphrase: SecretRef.optional().describe(
    'Encrypts the key files. DocuElevate gets it as sftp_private_key_passphrase.',
  ),
  propagation: DurationText.prefault('0 seconds').describe(
    'Propagation delay of a change of authorized_keys. sshd reads the file at each login; several servers behind one name may need some time.',
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

/** A private key as stored: with Unix line ends and without the last one. */
export function keyText(file: string): string {
  return file.replaceAll('\r\n', '\n').trim();
}

/** The parts of an adopted value: the text of the private key. */
export function sftpParts({ privateKey = '', ...others }: Parts): Parts {
  const text = keyText(privateKey);
  if (!/^-+BEGIN [A-Z ]*PRIVATE KEY-+\n/.test(text)) throw new Error('no private key');
  return { ...others, privateKey: text };
}
