import { existsSync, readFileSync } from 'node:fs';
import ssh2, { type AnyAuthMethod, type Client, type SFTPWrapper } from 'ssh2';
import { compactTime, endOf, hasAll } from './delivery.js';
import type { Destination, DestinationOptions } from './destinations.js';
import type { Task } from './tasks.js';

/** One document to upload to an SFTP server. */
interface SftpUpload {
  readonly name: string;
  readonly bytes: Buffer;
  readonly signal: AbortSignal;
  /** A line of the worker's known_hosts, without the host's name. */
  readonly knownHost: string;
  /** Path of another private key of the worker's user; empty when there is none. */
  readonly homeKey: string;
}

const library = 'paramiko_3.5.0';
const deadlineMs = 10_000;

export function sftp({ env, signal }: DestinationOptions): Destination {
  return {
    name: 'sftp',
    title: 'SFTP',
    configured: (task) =>
      hasAll(task, ['sftp_host', 'sftp_username']) &&
      ['sftp_password', 'sftp_private_key'].some((key) => hasAll(task, [key])),
    upload(task, { name, bytes }) {
      const [knownHost, homeKey] = [env.get('known_host') ?? '', env.get('home_key') ?? ''];
      const upload = uploadToSftp(task, { name, bytes, signal, knownHost, homeKey });
      return endOf(upload, name, (why) => `Failed to upload ${name} to SFTP server: ${why}`);
    },
  };
}

/** Never overwrites: an existing name gets the time appended. Throws when the document does not arrive. */
async function uploadToSftp(task: Task, upload: SftpUpload): Promise<void> {
  const { name, bytes } = upload;
  const client = await connect(task, upload);
  try {
    const sftp = await new Promise<SFTPWrapper>((resolve, reject) => {
      client.on('close', () => reject(new Error('Server connection dropped')));
      client.sftp((error, opened) => (error ? reject(error) : resolve(opened)));
    });
    const path = [task.value('sftp_folder'), name].filter((part) => part !== '').join('/');
    await write(sftp, (await exists(sftp, path)) ? path.replace(/(\.\w+)?$/, `_${compactTime()}$1`) : path, bytes);
  } finally {
    client.end();
  }
}

/**
 * The login methods, in order. If the configured key file exists, it is used; otherwise the password, silently.
 * An unreadable or refused key does not end the login. The engine's SSH library then tries the keys of the worker's agent and home, even
 * before a password.
 */
function methodsFrom(task: Task, homeKey: string): [AnyAuthMethod, ...AnyAuthMethod[]] {
  const username = task.value('sftp_username');
  const [path, password] = [task.value('sftp_private_key'), task.value('sftp_password')];
  const byKey = path !== '' && existsSync(path);
  if (!byKey && password === '') throw new Error('No authentication method available for SFTP (no key or password)');
  const passphrase = task.value('sftp_private_key_passphrase');
  const found = [...(byKey ? [path] : []), ...(existsSync(homeKey) ? [homeKey] : [])].map((file) =>
    ssh2.utils.parseKey(readFileSync(file), passphrase === '' ? undefined : passphrase),
  );
  const keys = found.flatMap((key) => (key instanceof Error ? [] : [{ type: 'publickey', username, key } as const]));
  const [first, ...others] = [...keys, ...(byKey ? [] : [{ type: 'password', username, password } as const])];
  if (first) return [first, ...others];
  throw new Error(`Private key file cannot be read: ${found.map(String).join(', ')}`);
}

/** Connects only to a host whose key is known. */
function connect(task: Task, { knownHost, homeKey, signal }: SftpUpload): Promise<Client> {
  const methods = methodsFrom(task, homeKey);
  const client = new ssh2.Client();
  const known = knownHost.split(' ')[1] ?? '';
  const [host, port] = [task.value('sftp_host'), Number(task.value('sftp_port'))];
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
