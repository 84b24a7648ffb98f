import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestAuthority } from '../support/authority.js';

/** A real server on loopback that runs from a folder of its own. */
export interface RealServer {
  readonly ports: readonly number[];
  /** Changes the password of its one account. */
  setPassword(password: string): void;
  /** What it has logged so far. */
  log(): string;
  stop(): Promise<void>;
}

/** The account of every server here. */
export const account = { username: 'scans', mailbox: 'scans@example.com' } as const;

interface Recipe {
  /** Program and arguments; runs in the foreground. */
  command(folder: string, ports: readonly number[]): readonly string[];
  configure(folder: string, ports: readonly number[]): string;
  setPassword(folder: string, password: string): void;
  readonly logFile: string;
}

/** Where a program lies; null where it is not installed. */
export function programOf(name: string): string | null {
  return ['/usr/sbin', '/usr/local/sbin', '/usr/bin'].map((each) => join(each, name)).find(existsSync) ?? null;
}

async function start(recipe: Recipe, password: string): Promise<RealServer> {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-real-'));
  chmodSync(folder, 0o755); // the servers read it as users of their own
  const ports = await freePorts(4);
  writeFileSync(join(folder, 'config'), recipe.configure(folder, ports));
  recipe.setPassword(folder, password);
  const [program = '', ...rest] = recipe.command(folder, ports);
  const words = openSync(join(folder, 'words'), 'w'); // what it says before it can log
  const child = spawn(program, rest, { stdio: ['ignore', words, words] });
  const logFile = join(folder, recipe.logFile);
  const log = (): string => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '');
  await answering(child, ports[0]!, () => log() + readFileSync(join(folder, 'words'), 'utf8'));
  return {
    ...{ ports, log },
    setPassword: (next) => recipe.setPassword(folder, next),
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Dovecot with IMAP and submission: two ports without TLS at first, one each with TLS. */
export function startDovecot({ certificate, key }: TestAuthority, password: string): Promise<RealServer> {
  return start(
    {
      logFile: 'log',
      command: (folder) => [programOf('dovecot') ?? '', '-F', '-c', join(folder, 'config')],
      configure: (folder, [imap, submission, imaps, submissions]) =>
        [
          ...[
            `base_dir = ${folder}/run`,
            `state_dir = ${folder}/state`,
            `log_path = ${folder}/log`,
            'listen = 127.0.0.1',
          ],
          ...['protocols = imap submission', 'ssl = yes', `ssl_cert = <${certificate}`, `ssl_key = <${key}`],
          ...[
            'disable_plaintext_auth = no',
            'submission_relay_host = 127.0.0.1',
            'auth_verbose = yes',
            'first_valid_uid = 33',
          ],
          'service imap-login {',
          ...[`  inet_listener imap {`, `    port = ${imap}`, '  }'],
          ...[`  inet_listener imaps {`, `    port = ${imaps}`, '    ssl = yes', '  }', '}'],
          'service submission-login {',
          ...['  inet_listener submission {', `    port = ${submission}`, '  }'],
          ...['  inet_listener submissions {', `    port = ${submissions}`, '    ssl = yes', '  }', '}'],
          'service anvil {', // without it a client waits longer after each wrong password, up to 15 s
          ...['  unix_listener anvil-auth-penalty {', '    mode = 0', '  }', '}'],
          ...['passdb {', '  driver = passwd-file', `  args = ${folder}/users`, '}'],
          ...[
            'userdb {',
            '  driver = static',
            `  args = uid=33 gid=33 home=${folder}/mail`,
            '}',
            'mail_location = mbox:~/mail',
            '',
          ],
        ].join('\n'),
      setPassword(folder, next) {
        mkdirSync(join(folder, 'mail'), { recursive: true });
        chmodSync(join(folder, 'mail'), 0o777);
        replace(join(folder, 'users'), `${account.mailbox}:{PLAIN}${next}\n`);
      },
    },
    password,
  );
}

/** ProFTPD: the first port takes logins with and without TLS, the second one with TLS alone. */
export function startProFtpd({ certificate, key }: TestAuthority, password: string): Promise<RealServer> {
  return start(
    {
      logFile: 'log',
      command: (folder) => [programOf('proftpd') ?? '', '-n', '-c', join(folder, 'config')],
      configure: (folder, [port, strict]) => {
        const site = (listen: number | undefined, required: string): string[] => [
          ...[`Port ${listen}`, 'AuthOrder mod_auth_file.c', `AuthUserFile ${folder}/users`, 'RequireValidShell off'],
          ...['TLSEngine on', `TLSECCertificateFile ${certificate}`, `TLSECCertificateKeyFile ${key}`],
          ...[`TLSRequired ${required}`, 'TLSOptions NoSessionReuseRequired'],
        ];
        return [
          ...[
            'LoadModule mod_tls.c',
            'ServerType standalone',
            'DefaultAddress 127.0.0.1',
            'UseIPv6 off',
            'UseReverseDNS off',
          ],
          ...['User www-data', 'Group www-data', `PidFile ${folder}/pid`, `ScoreboardFile ${folder}/scores`],
          ...[`DelayTable ${folder}/delays`, `SystemLog ${folder}/log`, 'WtmpLog off', 'MaxLoginAttempts 1'],
          ...site(port, 'off'),
          ...['<VirtualHost 127.0.0.1>', ...site(strict, 'auth'), '</VirtualHost>', ''],
        ].join('\n');
      },
      setPassword(folder, next) {
        const hash = execFileSync('openssl', ['passwd', '-6', '-stdin'], { input: next }).toString().trim();
        mkdirSync(join(folder, 'home'), { recursive: true });
        chmodSync(join(folder, 'home'), 0o777);
        replace(join(folder, 'users'), `${account.username}:${hash}:33:33::${folder}/home:/bin/false\n`, 0o600);
      },
    },
    password,
  );
}

/** Apache with a WebDAV folder below `/dav`, one that everybody may read below `/open`, and a cache of passwords below `/cached`. */
export function startApache(password: string): Promise<RealServer> {
  const modules = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'auth_basic', 'authn_file', 'authn_socache'];
  modules.push('socache_shmcb', 'dav', 'dav_fs');
  return start(
    {
      logFile: 'log',
      command: (folder) => [programOf('apache2') ?? '', '-f', join(folder, 'config'), '-D', 'FOREGROUND'],
      configure: (folder, [port]) => {
        for (const name of ['dav', 'open', 'cached', 'locks']) {
          mkdirSync(join(folder, 'site', name), { recursive: true });
          chmodSync(join(folder, 'site', name), 0o777);
        }
        const basic = ['AuthType Basic', 'AuthName documents', `AuthUserFile ${folder}/users`, 'Require valid-user'];
        const place = (name: string, lines: readonly string[]): string[] => [
          ...[`<Directory ${folder}/site/${name}>`, '  Dav On', ...lines.map((each) => `  ${each}`), '</Directory>'],
        ];
        return [
          ...modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
          ...[`ServerRoot ${folder}`, 'ServerName localhost', `Listen 127.0.0.1:${port}`, `PidFile ${folder}/pid`],
          ...[`ErrorLog ${folder}/log`, `DefaultRuntimeDir ${folder}`, 'User www-data', 'Group www-data'],
          ...[`DocumentRoot ${folder}/site`, `DavLockDB ${folder}/site/locks/db`, 'AuthnCacheEnable'],
          ...place('dav', ['AuthBasicProvider file', ...basic]),
          ...place('open', ['Require all granted']),
          ...place('cached', [
            'AuthBasicProvider socache file',
            'AuthnCacheProvideFor file',
            'AuthnCacheTimeout 3',
            ...basic,
          ]),
          '',
        ].join('\n');
      },
      setPassword(folder, next) {
        const made = execFileSync('htpasswd', ['-inB', account.username], { input: next }).toString().trim();
        replace(join(folder, 'users'), `${made}\n`);
      },
    },
    password,
  );
}

/** Writes beside and renames, so that a server never reads half a file. */
function replace(file: string, text: string, mode = 0o644): void {
  writeFileSync(`${file}.new`, text, { mode });
  renameSync(`${file}.new`, file);
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function answering(child: ChildProcess, port: number, log: () => string): Promise<void> {
  for (let left = 100; left > 0; left -= 1) {
    if (child.exitCode !== null) break;
    if (await isOpen(port)) return;
    await delay(100);
  }
  child.kill('SIGKILL');
  throw new Error(`the server did not start: ${log().slice(-2000)}`);
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
