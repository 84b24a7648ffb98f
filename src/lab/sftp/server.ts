import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import ssh2, { type Connection } from 'ssh2';
import { createFaults } from '../faults.js';
import type { LabOptions, LabServer } from '../server.js';
import { type Accounts, createAccounts, type Gate, userOf } from './accounts.js';
import type { Placement } from './files.js';
import { newLabKey } from './keys.js';
import { createLogin } from './login.js';
import { serveSftp } from './operations.js';
import { createPerformer, type Peer, type Perform, type SftpRequest } from './performer.js';

export interface SftpLabOptions extends LabOptions {
  /** Where authorized keys are kept; at home when left out. */
  readonly placement?: Placement;
  /** Whether a file can be replaced in one step, as OpenSSH can; true when left out. */
  readonly posixRename?: boolean;
  /** Whether a rename takes the place of what is there; false, as the protocol has it, when left out. */
  readonly renameReplaces?: boolean;
  /** Whether the password is taken as well; true when left out. */
  readonly takesPasswords?: boolean;
  /** How long after a change of authorized_keys it counts, by the lab's clock. */
  readonly settlingMs?: number;
}

export interface SftpLab extends LabServer, Accounts {
  readonly port: number;
  /** As it stands in known_hosts, after the host's name. */
  readonly hostKey: string;
  readonly requests: readonly SftpRequest[];
  /** How often somebody was turned away. */
  failedLogins(): number;
}

/** An SSH server as sshd serves SFTP: real handshakes, keys and packets, on a disk of its own. */
export async function startSftpLab(options: SftpLabOptions = {}): Promise<SftpLab> {
  const { clock = Date.now, placement = 'home', latencyMs = 0, settlingMs = 0 } = options;
  const gate = createAccounts({ clock, placement, settlingMs });
  const faults = createFaults();
  const requests: SftpRequest[] = [];
  const hostKey = newLabKey();
  const server = await listen(hostKey.privateKey, (connection, peer) => {
    const perform = createPerformer({ peer, requests, faults, clock, latencyMs });
    serveConnection(connection, { gate, perform, cut: peer.cut, options });
  });
  const lab = {
    ...{ ...server, faults, requests, hostKey: `ssh-ed25519 ${hostKey.blob}` },
    failedLogins: () => requests.filter(({ method, status }) => method === 'LOGIN' && status === 401).length,
  };
  return Object.defineProperties(lab, Object.getOwnPropertyDescriptors(gate)) as typeof lab & Gate; // with its accessors
}

interface Serving {
  readonly gate: Gate;
  readonly perform: Perform;
  readonly cut: () => void;
  readonly options: SftpLabOptions;
}

function serveConnection(connection: Connection, { gate, perform, cut, options }: Serving): void {
  const { posixRename = true, renameReplaces = false, takesPasswords = true } = options;
  let name = '';
  connection.on('authentication', (context) => {
    name = context.username;
    createLogin({ perform, gate, takesPasswords, cut })(context);
  });
  connection.on('ready', () =>
    connection.on('session', (accept) =>
      accept().on('sftp', (acceptSftp) =>
        serveSftp(acceptSftp(), { files: gate.files, user: userOf(name), perform, posixRename, renameReplaces }),
      ),
    ),
  );
}

async function listen(hostKey: string, onConnection: (connection: Connection, peer: Peer) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    const ssh = new ssh2.Server({ hostKeys: [hostKey] }, (connection, { header }) => {
      connection.on('error', () => undefined); // whoever goes away without a word
      const { software } = header.versions;
      onConnection(connection, { software, cut: () => void socket.resetAndDestroy(), mute: () => socket.cork() });
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
