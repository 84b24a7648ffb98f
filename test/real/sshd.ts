import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { newLabKey } from '../../src/lab/sftp/keys.js';

const places = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/usr/bin/sshd', '/opt/homebrew/sbin/sshd'];

/** A real OpenSSH server on loopback, of a folder of its own. */
export interface Sshd {
  readonly port: number;
  /** Where a login has one try. */
  readonly strictPort: number;
  /** Where passwords are accepted as well. */
  readonly passwordPort: number;
  /** Where the account is jailed; null where that takes rights that we do not have. */
  readonly jailedPort: number | null;
  readonly username: string;
  /** Kind and key. */
  readonly hostKey: string;
  /** Strict about who may write what is in it. */
  readonly folder: string;
  readonly keysFile: string;
  /** What it has logged so far: who came in, and with which key. */
  log(): string;
  stop(): Promise<void>;
}

/** Starts the installed sshd. Throws with how to install it where there is none. */
export async function startSshd(authorizedKeys: string): Promise<Sshd> {
  const program = places.find((place) => existsSync(place));
  if (!program) throw new Error('there is no sshd here; install it: apt-get install -y openssh-server');
  const folder = mkdtempSync(join(homedir(), '.keyturn-sshd-')); // not below /tmp: StrictModes wants folders nobody else may write
  const hostKey = newLabKey();
  const keysFile = join(folder, 'authorized_keys');
  const isRoot = process.getuid?.() === 0;
  if (isRoot) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  for (const name of ['upload', 'jail']) mkdirSync(join(folder, name));
  chmodSync(join(folder, 'jail'), 0o755);
  writeFileSync(keysFile, authorizedKeys, { mode: 0o600 });
  writeFileSync(join(folder, 'host_key'), hostKey.privateKey, { mode: 0o600 });
  const [port, strictPort, passwordPort, jailedPort] = await freePorts();
  writeFileSync(
    join(folder, 'config'),
    configOf({ folder, keysFile, port, strictPort, passwordPort, jailedPort, isRoot }),
  );
  const child = spawn(program, ['-D', '-f', join(folder, 'config'), '-E', join(folder, 'log')], { stdio: 'ignore' });
  const log = (): string => (existsSync(join(folder, 'log')) ? readFileSync(join(folder, 'log'), 'utf8') : '');
  await answering(child, port, log);
  return {
    ...{ port, strictPort, passwordPort, folder, keysFile, log, jailedPort: isRoot ? jailedPort : null },
    username: userInfo().username,
    hostKey: `ssh-ed25519 ${hostKey.blob}`,
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true });
    },
  };
}

interface Settings {
  readonly folder: string;
  readonly keysFile: string;
  readonly port: number;
  readonly strictPort: number;
  readonly passwordPort: number;
  readonly jailedPort: number;
  readonly isRoot: boolean;
}

function configOf({ folder, keysFile, port, strictPort, passwordPort, jailedPort, isRoot }: Settings): string {
  const jail = [
    `Match LocalPort ${jailedPort}`,
    `  ChrootDirectory ${join(folder, 'jail')}`,
    '  ForceCommand internal-sftp',
  ];
  return [
    ...[
      'ListenAddress 127.0.0.1',
      `Port ${port}`,
      `Port ${strictPort}`,
      `Port ${passwordPort}`,
      ...(isRoot ? [`Port ${jailedPort}`] : []),
    ],
    ...[`HostKey ${join(folder, 'host_key')}`, `PidFile ${join(folder, 'pid')}`, `AuthorizedKeysFile ${keysFile}`],
    ...['StrictModes yes', 'UsePAM no', 'PasswordAuthentication no', 'KbdInteractiveAuthentication no'],
    ...['PermitRootLogin yes', 'MaxStartups 100', 'LogLevel VERBOSE', `Subsystem sftp internal-sftp -d ${folder}`],
    ...[`Match LocalPort ${strictPort}`, '  MaxAuthTries 1'],
    ...[`Match LocalPort ${passwordPort}`, '  PasswordAuthentication yes', '  MaxAuthTries 1'],
    ...(isRoot ? jail : []),
    '',
  ].join('\n');
}

/** Four that are free at the moment. */
async function freePorts(): Promise<[number, number, number, number]> {
  const servers = [createServer(), createServer(), createServer(), createServer()];
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports.push((server.address() as AddressInfo).port);
  }
  for (const server of servers) server.close();
  return [ports[0] ?? 0, ports[1] ?? 0, ports[2] ?? 0, ports[3] ?? 0];
}

async function answering(child: ChildProcess, port: number, log: () => string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`sshd ended at once: ${log()}`);
    const there = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
      socket.on('close', () => undefined).setTimeout(1000, () => socket.destroy());
      socket.on('connect', () => socket.destroy());
    });
    if (there) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
