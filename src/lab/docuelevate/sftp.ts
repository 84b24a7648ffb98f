import { existsSync, readFileSync } from 'node:fs';
import ssh2, { type AnyAuthMethod, type Client, type SFTPWrapper } from 'ssh2';
import { anotherName } from './delivery.js';
import type { DestinationRow, Sending } from './destinations.js';

/** Never overwrites: an existing name gets the time appended. */
export const sftp: DestinationRow = {
  name: 'sftp',
  title: 'SFTP',
  needs: ['sftp_host', 'sftp_username', ['sftp_password', 'sftp_private_key']],
  words: (name, why) => `Failed to upload ${name} to SFTP server: ${why}`,
  async upload(sending) {
    const { name, bytes, setting } = sending;
    const client = await connect(sending);
    try {
      const session = await new Promise<SFTPWrapper>((resolve, reject) => {
        client.on('close', () => reject(new Error('Server connection dropped')));
        client.sftp((error, opened) => (error ? reject(error) : resolve(opened)));
      });
      const path = [setting('sftp_folder'), name].filter((part) => part !== '').join('/');
      await write(session, (await exists(session, path)) ? anotherName(path) : path, bytes);
      return { arrived: name };
    } finally {
      client.end();
    }
  },
};

const library = 'paramiko_3.5.0';
const deadlineMs = 10_000;

/**
 * The login methods, in order. If the configured key file exists, it is used; otherwise the password, silently.
 * An unreadable or refused key does not end the login. The engine's SSH library then tries the keys of the worker's agent and home, even
 * before a password.
 */
function methodsFrom({ setting, env }: Sending): [AnyAuthMethod, ...AnyAuthMethod[]] {
  const [username, password] = [setting('sftp_username'), setting('sftp_password')];
  const [path, homeKey] = [setting('sftp_private_key'), env.get('home_key') ?? ''];
  const byKey = path !== '' && existsSync(path);
  if (!byKey && password === '') throw new Error('No authentication method available for SFTP (no key or password)');
  const passphrase = setting('sftp_private_key_passphrase');
  const found = [...(byKey ? [path] : []), ...(existsSync(homeKey) ? [homeKey] : [])].map((file) =>
    ssh2.utils.parseKey(readFileSync(file), passphrase === '' ? undefined : passphrase),
  );
  const keys = found.flatMap((key) => (key instanceof Error ? [] : [{ type: 'publickey', username, key } as const]));
  const [first, ...others] = [...keys, ...(byKey ? [] : [{ type: 'password', username, password } as const])];
  if (first) return [first, ...others];
  throw new Error(`Private key file cannot be read: ${found.map(String).join(', ')}`);
}

/** Connects only to a host whose key is in the worker's known_hosts. */
function connect(sending: Sending): Promise<Client> {
  const { setting, env, signal } = sending;
  const methods = methodsFrom(sending);
  const client = new ssh2.Client();
  const known = env.get('known_host')?.split(' ')[1] ?? '';
  const [host, port] = [setting('sftp_host'), Number(setting('sftp_port'))];
  const connected = new Promise<Client>((resolve, reject) => {
    client.on('ready', () => resolve(client));
    client.on('error', (error) => reject(new Error(wordsOf(error, `[${host}]:${port}`))));
    client.on('close', () => reject(new Error('Server connection dropped')));
    signal.addEventListener('abort', () => client.destroy(), { once: true });
  });
  client.connect({
    ...{ host, port, ident: library, readyTimeout: deadlineMs },
    hostVerifier: (key: Buffer) => key.toString('base64') === known,
    username: methods[0].username,
    authHandler: methods,
  });
  client.setNoDelay(true);
  return connected;
}

function wordsOf(error: Error & { level?: string }, host: string): string {
  if (error.level === 'client-authentication') return 'Authentication failed.';
  return /Host denied/.test(error.message) ? `Server '${host}' not found in known_hosts` : error.message;
}

function exists(sftp: SFTPWrapper, path: string): Promise<boolean> {
  return new Promise((resolve) => sftp.stat(path, (error) => resolve(!error)));
}

function write(sftp: SFTPWrapper, path: string, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    sftp.on('close', () => reject(new Error('Server connection dropped')));
    sftp.writeFile(path, bytes, (failed) => (failed ? reject(failed) : resolve()));
  });
}
