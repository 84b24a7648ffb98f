import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import ssh2, { type Connection } from 'ssh2';
import type { Arrival } from '../arrival.js';
import { createFaults } from '../faults.js';
import type { LabOptions, LabServer } from '../server.js';
import { type Accounts, createAccounts } from './accounts.js';
import { createDiary, type Diary } from './diary.js';
import type { Placement } from './files.js';
import { type Gate, userOf } from './gate.js';
import { hangUp } from './hang-up.js';
import { newLabKey } from './keys.js';
import { createLogin } from './login.js';
import { serveSftp } from './operations.js';
import { createPerformer, type Peer, type Perform, type SftpRequest } from './performer.js';

export interface SftpLabOptions extends LabOptions {
  /** Where authorized keys are kept; in the home folder when left out. */
  readonly placement?: Placement;
  /** Whether a file can be replaced in one step, as with OpenSSH; true when left out. */
  readonly posixRename?: boolean;
  /** Whether a rename overwrites an existing file; false, as in the protocol, when left out. */
  readonly renameReplaces?: boolean;
  /** Whether the password is accepted as well; true when left out. */
  readonly takesPasswords?: boolean;
  /** Propagation delay of a change of authorized_keys, milliseconds by the lab's clock. */
  readonly propagationMs?: number;
  /** Number of refusals that end a connection; 6, as in sshd, when left out. */
  readonly maxAuthTries?: number;
  /** The start folder of a session, relative to the default start folder; the default itself when left out. */
  readonly startsIn?: string;
}

export interface SftpLab extends LabServer, Accounts {
  readonly port: number;
  /** The line in known_hosts, after the host's name. */
  readonly hostKey: string;
  readonly requests: readonly SftpRequest[];
  /** Every file that was opened for writing, in order, with the login's public key. */
  arrivals(): Arrival[];
  /** The account's keys that are accepted right now, besides Keyturn's own. */
  working(): string[];
  /** Number of refused logins. */
  failedLogins(): number;
  /** The server's log so far: who logged in, and with which key. */
  log(): string;
}

/** An SSH server that serves SFTP like sshd: with real handshakes, keys and packets, and a simulated disk. */
export async function startSftpLab(options: SftpLabOptions = {}): Promise<SftpLab> {
  const { clock = Date.now, placement = 'home', latencyMs = 0, propagationMs = 0, startsIn = '.' } = options;
  const gate = createAccounts({ clock, placement, propagationMs, startsIn });
  const faults = createFaults();
  const requests: SftpRequest[] = [];
  const written: Written[] = [];
  const log: string[] = [];
  const hostKey = newLabKey();
  const server = await listen(hostKey.privateKey, (connection, socket, peer) => {
    const perform = createPerformer({ peer, requests, faults, clock, latencyMs });
    const diary = createDiary(log, socket);
    serveConnection(connection, { gate, perform, socket, diary, written, cut: peer.cut, options });
  });
  const lab = {
    ...{ ...server, faults, requests, hostKey: `ssh-ed25519 ${hostKey.blob}` },
    arrivals: () =>
      written.map(({ path, key, at }) => ({ value: key, content: gate.files.all.get(path)?.content ?? '', at })),
    working: () => gate.accepted().filter((blob) => blob !== gate.admin.blob),
    failedLogins: () => requests.filter(({ method, status }) => method === 'LOGIN' && status === 401).length,
    log: () => log.join('\n'),
  };
  return Object.defineProperties(lab, Object.getOwnPropertyDescriptors(gate)) as typeof lab & Accounts; // with its accessors
}

/** A file that a client opened for writing. */
interface Written {
  /** True path. */
  readonly path: string;
  /** Public key of the login; null for a password. */
  readonly key: string | null;
  /** Real Unix milliseconds. */
  readonly at: number;
}

interface Serving {
  readonly gate: Accounts & Gate;
  readonly perform: Perform;
  readonly socket: Socket;
  readonly diary: Diary;
  readonly written: Written[];
  readonly cut: () => void;
  readonly options: SftpLabOptions;
}

function serveConnection(connection: Connection, serving: Serving): void {
  const { gate, perform, socket, diary, written, cut, options } = serving;
  const { posixRename = true, renameReplaces = false, takesPasswords = true, maxAuthTries = 6 } = options;
  const sayWhy = (why: string): void => hangUp(connection, socket, why);
  const login = createLogin({ perform, gate, diary, takesPasswords, maxAuthTries, cut, hangUp: sayWhy });
  let [name, key]: [string, string | null] = ['', null];
  const noting: Perform = (method, path, act) => {
    if (method === 'WRITE') written.push({ path, key, at: Date.now() });
    perform(method, path, act);
  };
  connection.on('authentication', (context) => {
    name = context.username;
    key = context.method === 'publickey' ? context.key.data.toString('base64') : null; // the last key tried is the accepted one
    login(context);
  });
  connection.on('ready', () =>
    connection.on('session', (accept) =>
      accept().on('sftp', (acceptSftp) => {
        diary.startSession();
        serveSftp(acceptSftp(), {
          files: gate.files,
          user: userOf(name),
          perform: noting,
          posixRename,
          renameReplaces,
        });
      }),
    ),
  );
}

/** The server's software name. */
const software = 'OpenSSH_9.2p1 Debian-2+deb12u10';

async function listen(hostKey: string, onConnection: (connection: Connection, socket: Socket, peer: Peer) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    const ssh = new ssh2.Server({ hostKeys: [hostKey], ident: software }, (connection, { header }) => {
      connection.on('error', () => undefined); // a client that disconnects
      const client = header.versions.software;
      onConnection(connection, socket, {
        software: client,
        cut: () => void socket.resetAndDestroy(),
        mute: () => socket.cork(),
      });
    });
    ssh.injectSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `sftp://127.0.0.1:${port}`,
    async stop(): Promise<void> {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
