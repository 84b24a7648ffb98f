import { CancelledFailure } from '@temporalio/common';
import type {
  AnyAuthMethod,
  AuthHandlerMiddleware,
  Client,
  PublicKeyAuthMethod,
  ServerHostKeyAlgorithm,
  SFTPWrapper,
} from 'ssh2';
import { asking } from '../shared/lease.js';
import { OutsideError } from '../shared/outside-error.js';
import { permanent } from '../shared/failures.js';
import { scope } from '../shared/scope.js';
import { readKey, ssh } from './key-pair.js';
import { RemoteFiles } from './remote-files.js';

/** A server that has to show a pinned key. */
export interface SshServer {
  readonly host: string;
  readonly port: number;
  /** Type and key, as in known_hosts. */
  readonly hostKey: string;
}

/** A configured server, an account on it, and the administrator who may change its keys. */
export interface SftpConnection extends SshServer {
  readonly username: string;
  readonly adminUsername: string;
  /** Resolved at each use. */
  readonly adminKey: () => Promise<string>;
  /** Path of the account's authorized_keys, as the administrator sees it. */
  readonly authorizedKeys: string;
  /** The adopted private key, on this machine and for the engine. */
  readonly keyFile: string;
  readonly keyFileInEngine: string;
  /** Encrypts key files. Null: they are not encrypted. */
  readonly passphrase: (() => Promise<string>) | null;
  /** Propagation delay of a change, in milliseconds. */
  readonly propagationMs: number;
}

/** A login with this key and no other method. */
export interface Login {
  readonly username: string;
  readonly privateKey: string;
  readonly passphrase?: string | undefined;
}

const deadlineMs = 15_000; // for a whole connection: a quarter of the start-to-close timeout

/** Whether the server accepts a key. Offers no agent, password or other key, and requires the pinned host key. */
export async function tryKey(connection: SftpConnection, login: Login): Promise<'accepted' | 'refused'> {
  return trySignIn(connection, keyAlone(login));
}

/** How to sign in to an account. */
export interface SignIn {
  readonly username: string;
  readonly authHandler: AnyAuthMethod[] | AuthHandlerMiddleware;
}

/** Whether the server accepts a login. Requires the pinned host key. */
export async function trySignIn(server: SshServer, signIn: SignIn): Promise<'accepted' | 'refused'> {
  return converse(server, signIn, async () => 'accepted' as const).catch((error: unknown) => {
    if (error instanceof LoginRefused) return 'refused';
    throw error;
  });
}

function keyAlone({ username, privateKey, passphrase }: Login): SignIn {
  const method: PublicKeyAuthMethod = { type: 'publickey', username, key: readKey(privateKey, passphrase) };
  return { username, authHandler: [method] };
}

/** Runs `action` on the server's files as the administrator. */
export async function administer<T>(
  connection: SftpConnection,
  action: (files: RemoteFiles) => Promise<T>,
): Promise<T> {
  const { adminUsername: username } = connection;
  const login = { username, privateKey: await connection.adminKey() };
  try {
    return await converse(connection, keyAlone(login), async (client, goOn) => {
      goOn(); // a cancelled rename could still happen after the next step
      return action(new RemoteFiles(await openSftp(client)));
    });
  } catch (error) {
    if (!(error instanceof LoginRefused)) throw error;
    throw permanent(
      'Unauthorized',
      `the SFTP server refuses ${username} with adminKey: authorize that key, or configure another`,
    );
  }
}

/** The pinned server refused this login. */
class LoginRefused extends Error {}

/** Connects, runs `action` and disconnects, within the timeout. Cancelling the activity ends it until `goOn` is called. */
async function converse<T>(
  server: SshServer,
  signIn: SignIn,
  action: (client: Client, goOn: () => void) => Promise<T>,
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
    const connected = connect(client, server, signIn);
    connected.catch(() => undefined);
    client.on('close', () => broken.reject(trouble('CLOSED')));
    await Promise.race([connected, broken.promise]);
    return await Promise.race([action(client, goOn), broken.promise]);
  } finally {
    clearTimeout(late);
    goOn();
    client.destroy();
  }
}

function connect(client: Client, { host, port, hostKey }: SshServer, { username, authHandler }: SignIn): Promise<void> {
  const [kind = '', pinned] = hostKey.split(' ');
  let isPinned = true;
  const connected = new Promise<void>((resolve, reject) => {
    client.on('ready', resolve);
    client.on('error', (error) => reject(isPinned ? meaningOf(error) : otherHostKey()));
  });
  // Makes the server show the pinned one of its host keys.
  const serverHostKey = (kind === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [kind]) as ServerHostKeyAlgorithm[];
  client.connect({
    ...{ host, port, username, ident: 'keyturn', readyTimeout: deadlineMs },
    hostVerifier: (hostKeyShown: Buffer) => (isPinned = hostKeyShown.toString('base64') === pinned),
    algorithms: { serverHostKey },
    authHandler,
  });
  client.setNoDelay(true); // otherwise each of the many small packets would wait 40 ms
  return connected;
}

/** Classifies an error of the library by its level and code. Its message is not passed on. */
function meaningOf(error: Error & { readonly level?: string; readonly code?: unknown }): Error {
  if (error.level === 'client-authentication' || isLastTry(error)) return new LoginRefused();
  if (error.level === 'client-timeout') return trouble('TIMEOUT');
  if (error.level === 'handshake') return trouble('HANDSHAKE');
  return trouble(typeof error.code === 'string' ? error.code : 'NETWORK');
}

/** With `MaxAuthTries 1` sshd refuses by disconnecting with this message. */
function isLastTry({ message, code }: Error & { readonly code?: unknown }): boolean {
  return code === protocolError && message === 'Too many authentication failures';
}

const protocolError = 2; // SSH_DISCONNECT_PROTOCOL_ERROR

function otherHostKey(): Error {
  return permanent(
    'Rejected',
    'the SFTP server shows another host key than the configured one: its key was changed, or it is another server. Nothing was sent to it. Check the key, then set hostKey',
  );
}

function trouble(code: string): OutsideError {
  return new OutsideError('SFTP', 'connect', { code });
}

function openSftp(client: Client): Promise<SFTPWrapper> {
  return new Promise((resolve, reject) => {
    client.sftp((error, sftp) =>
      error
        ? reject(permanent('Rejected', 'the administrator may sign in to the server but not use SFTP: allow it'))
        : resolve(sftp),
    );
  });
}
