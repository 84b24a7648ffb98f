import { CancelledFailure } from '@temporalio/common';
import type { Client, PublicKeyAuthMethod, SFTPWrapper, ServerHostKeyAlgorithm } from 'ssh2';
import { asking } from '../shared/lease.js';
import { OutsideError } from '../shared/outside-error.js';
import { permanent } from '../shared/failures.js';
import { scope } from '../shared/scope.js';
import { readKey } from './key-pair.js';
import { ssh } from './library.js';
import { RemoteFiles } from './remote-files.js';

/** A server, an account on it and who may change its keys, as the configuration names them. */
export interface SftpConnection {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  /** Kind and key, as known_hosts has them. */
  readonly hostKey: string;
  readonly adminUsername: string;
  /** Resolved at each use. */
  readonly adminKey: () => Promise<string>;
  /** Path of the account's authorized_keys, as the administrator sees it. */
  readonly authorizedKeys: string;
  /** The adopted private key, on this machine and for the engine. */
  readonly keyFile: string;
  readonly keyFileInEngine: string;
  /** What encrypts key files; null when nothing does. */
  readonly passphrase: (() => Promise<string>) | null;
  /** How long a change may take to count, in milliseconds. */
  readonly propagationMs: number;
}

/** Who signs in: with this key and with nothing else. */
export interface Login {
  readonly username: string;
  readonly privateKey: string;
  readonly passphrase?: string | undefined;
}

const deadlineMs = 15_000; // for a whole conversation: a quarter of the start-to-close timeout

/** Whether the server lets somebody in with a key. No agent, no password, no other key is offered, and no other server believed. */
export async function tryKey(connection: SftpConnection, login: Login): Promise<'accepted' | 'refused'> {
  return converse(connection, login, async () => 'accepted' as const).catch((error: unknown) => {
    if (error instanceof TurnedAway) return 'refused';
    throw error;
  });
}

/** Works on the server's files as the administrator. */
export async function administer<T>(connection: SftpConnection, work: (files: RemoteFiles) => Promise<T>): Promise<T> {
  const { adminUsername: username } = connection;
  const login = { username, privateKey: await connection.adminKey() };
  try {
    return await converse(connection, login, async (client, goOn) => {
      goOn(); // a file that is being put in its place could get there after whatever comes next
      return work(new RemoteFiles(await openSftp(client)));
    });
  } catch (error) {
    if (!(error instanceof TurnedAway)) throw error;
    throw permanent('Unauthorized', `the server does not let ${username} in with the key of adminKey`);
  }
}

/** The server is the right one and does not let this login in. */
class TurnedAway extends Error {}

/** Connects, works and hangs up, within the deadline and, up to `goOn`, the life of the activity. */
async function converse<T>(
  connection: SftpConnection,
  login: Login,
  work: (client: Client, goOn: () => void) => Promise<T>,
): Promise<T> {
  const { signal } = scope();
  const client = new (ssh().Client)();
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => undefined);
  const cancelled = (): void => broken.reject(new CancelledFailure('the activity was cancelled'));
  const late = setTimeout(() => broken.reject(trouble('TIMEOUT')), deadlineMs);
  signal.addEventListener('abort', cancelled, { once: true });
  if (signal.aborted) cancelled();
  const goOn = (): void => signal.removeEventListener('abort', cancelled);
  try {
    asking();
    const connected = connect(client, connection, login);
    connected.catch(() => undefined);
    client.on('close', () => broken.reject(trouble('CLOSED')));
    await Promise.race([connected, broken.promise]);
    return await Promise.race([work(client, goOn), broken.promise]);
  } finally {
    clearTimeout(late);
    goOn();
    client.destroy();
  }
}

function connect(client: Client, { host, port, hostKey }: SftpConnection, login: Login): Promise<void> {
  const [kind = '', pinned] = hostKey.split(' ');
  const { username, privateKey, passphrase } = login;
  const method: PublicKeyAuthMethod = { type: 'publickey', username, key: readKey(privateKey, passphrase) };
  let isPinned = true;
  const connected = new Promise<void>((resolve, reject) => {
    client.on('ready', resolve);
    client.on('error', (error) => reject(isPinned ? meaningOf(error) : stranger()));
  });
  client.connect({
    ...{ host, port, username, ident: 'keyturn', readyTimeout: deadlineMs },
    hostVerifier: (shown: Buffer) => (isPinned = shown.toString('base64') === pinned),
    algorithms: { serverHostKey: algorithmsOf(kind) },
    authHandler: [method],
  });
  client.setNoDelay(true); // small packets back and forth: each would wait 40 ms
  return connected;
}

/** So that the server shows the key that is pinned, of those it has. */
function algorithmsOf(kind: string): ServerHostKeyAlgorithm[] {
  return (kind === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [kind]) as ServerHostKeyAlgorithm[];
}

/** Where it happened is told by the library, and nothing else of its words passed on. */
function meaningOf(error: Error & { readonly level?: string; readonly code?: unknown }): Error {
  if (error.level === 'client-authentication' || isLastTry(error)) return new TurnedAway();
  if (error.level === 'client-timeout') return trouble('TIMEOUT');
  if (error.level === 'handshake') return trouble('HANDSHAKE');
  return trouble(typeof error.code === 'string' ? error.code : 'NETWORK');
}

/** Where sshd allows one try (`MaxAuthTries 1`), it says no by hanging up, and in these words. */
function isLastTry({ message, code }: Error & { readonly code?: unknown }): boolean {
  return code === protocolError && message === 'Too many authentication failures';
}

const protocolError = 2; // SSH_DISCONNECT_PROTOCOL_ERROR

function stranger(): Error {
  return permanent(
    'Rejected',
    'the server shows another host key than the one in the configuration: it was changed, or it is another server. Nothing was sent to it',
  );
}

function trouble(code: string): OutsideError {
  return new OutsideError('sftp', 'connect', { code });
}

function openSftp(client: Client): Promise<SFTPWrapper> {
  return new Promise((resolve, reject) => {
    client.sftp((error, sftp) =>
      error
        ? reject(permanent('Rejected', 'the administrator may sign in to the server and not use SFTP there'))
        : resolve(sftp),
    );
  });
}
