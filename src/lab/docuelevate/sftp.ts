import { existsSync, readFileSync } from 'node:fs';
import ssh2, { type AnyAuthMethod, type Client } from 'ssh2';

/** The part of the worker that puts documents onto an SFTP server, with the values it holds at the moment. */
export interface Sftp {
  /** Whether documents go there at all. */
  configured(): boolean;
  /** Throws when the document does not arrive. */
  upload(name: string, bytes: Buffer): Promise<void>;
}

const library = 'paramiko_3.5.0';
const deadlineMs = 10_000;

export function createSftp(holds: (key: string) => string, signal: AbortSignal): Sftp {
  return {
    configured: () => holds('sftp_host') !== '',
    async upload(name, bytes) {
      const method = methodFrom(holds);
      const client = await connect(holds, method, signal);
      try {
        await put(client, `upload/${name}`, bytes);
      } finally {
        client.end();
      }
    },
  };
}

/** A path of a file that is there wins; otherwise the password is taken, without a word. */
function methodFrom(holds: (key: string) => string): AnyAuthMethod {
  const username = holds('sftp_username');
  const [path, password] = [holds('sftp_private_key'), holds('sftp_password')];
  if (path !== '' && existsSync(path)) {
    const passphrase = holds('sftp_private_key_passphrase');
    const key = ssh2.utils.parseKey(readFileSync(path), passphrase === '' ? undefined : passphrase);
    if (key instanceof Error) throw new Error(`Private key file cannot be read: ${key.message}`);
    return { type: 'publickey', username, key };
  }
  if (password !== '') return { type: 'password', username, password };
  throw new Error('No authentication method available');
}

/** Only to a host whose key is known. */
function connect(holds: (key: string) => string, method: AnyAuthMethod, signal: AbortSignal): Promise<Client> {
  const client = new ssh2.Client();
  const known = holds('known_host').split(' ')[1] ?? '';
  const connected = new Promise<Client>((resolve, reject) => {
    client.on('ready', () => resolve(client));
    client.on('error', (error) => reject(new Error(`SSH: ${error.message}`)));
    client.on('close', () => reject(new Error('SSH: connection lost')));
    signal.addEventListener('abort', () => client.destroy(), { once: true });
  });
  client.connect({
    ...{ host: holds('sftp_host'), port: Number(holds('sftp_port')), ident: library, readyTimeout: deadlineMs },
    hostVerifier: (key: Buffer) => key.toString('base64') === known,
    username: method.username,
    authHandler: [method],
  });
  client.setNoDelay(true);
  return connected;
}

function put(client: Client, path: string, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    client.on('close', () => reject(new Error('SSH: connection lost')));
    client.sftp((error, sftp) => {
      if (error) return reject(error);
      sftp.writeFile(path, bytes, (failed) => (failed ? reject(failed) : resolve()));
    });
  });
}
