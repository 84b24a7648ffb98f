import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { UserError } from '../domain/user-error.js';
import type { TemporalBinary } from './binary.js';
import { prepareDataFolder } from './data-folder.js';
import { embeddedFiles, lastLogLines, readAddress, type AddressRecord, type EmbeddedFiles } from './embedded-files.js';
import { readEnvironment } from './environment.js';
import { serves } from './first-start.js';
import type { KeeperAnswer, KeeperOrder } from './keeper.js';
import { isLocked } from './lock.js';
import { waitUntilUsable } from './open.js';
import { freePorts, isFree, untilTaken } from './ports.js';
import { innerPorts, serverFiles } from './server-config.js';
import { embeddedTarget } from './settings.js';

export interface EmbeddedOptions {
  /** Folder of the server's database, log and address. It must be on a local disk, and serves one server at a time. */
  readonly dataDir: string;
  readonly binary: TemporalBinary;
  /** A fixed port, so that a restarted server has the same address; left out, a free one. */
  readonly port?: number;
  /** Receives one line when a database was set aside. */
  readonly report: (line: string) => void;
}

/** A Temporal server that ends with this process, even when this process is killed. */
export interface EmbeddedServer {
  readonly address: string;
  /** For `temporal --config-file`. */
  readonly clientConfig: string;
  readonly pid: number;
  /** Resolves when the server has stopped or died. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

const readyMs = 30_000; // 0.5 s is usual; a cold disk or a busy machine takes longer
const attempts = 5; // another program may take a port before the server does
const pauseMs = 200;

class PortTaken extends UserError {}

/**
 * Starts a Temporal server on loopback and waits until it answers. Only clients with a certificate from the data folder can connect.
 * @throws UserError when one already runs on the same data, when it ends early, or when it does not answer within 30 s
 */
export async function startEmbeddedServer(options: EmbeddedOptions): Promise<EmbeddedServer> {
  prepareDataFolder(options.dataDir);
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options);
    } catch (err) {
      if (!(err instanceof PortTaken) || attempt === attempts) throw err;
      await sleep(pauseMs);
    }
  }
}

async function startOnce(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const files = embeddedFiles(options.dataDir);
  const order = await orderFor(options, files);
  const keeper = startKeeper();
  const ended = once(keeper, 'exit').then(() => undefined);
  try {
    const { pid, setAside } = await started(keeper, order);
    if (setAside !== null) options.report(`Temporal database of another server version set aside: ${setAside}`);
    endWithKeeper(keeper, pid);
    await ready(options.dataDir, ended);
    return { address: order.address, clientConfig: files.clientConfig, pid, ended, stop };
  } catch (err) {
    await stop();
    throw err;
  }

  async function stop(): Promise<void> {
    if (keeper.connected) keeper.disconnect();
    keeper.ref();
    await ended;
  }
}

/** The embedded server that runs on this data, for commands that only connect to it; null when there is none. */
export async function findEmbeddedServer(dataDir: string): Promise<AddressRecord | null> {
  const files = embeddedFiles(dataDir);
  return isLocked(files.lock) ? readAddress(files) : null;
}

async function orderFor({ binary, port }: EmbeddedOptions, files: EmbeddedFiles): Promise<KeeperOrder> {
  if (port !== undefined && !(await isFree(port))) throw taken(port);
  const ports = await freePorts(1 + innerPorts, port);
  return {
    executable: binary.path,
    args: ['--config-file', files.config, '--allow-no-auth', 'start'], // certificates are the only authentication
    serverVersion: binary.serverVersion,
    files,
    address: `127.0.0.1:${ports[0]}`,
    contents: serverFiles(files, ports),
  };
}

/** Detached, so that Ctrl-C in a terminal reaches only Keyturn, which stops its workers first and the server last. */
function startKeeper(): ChildProcess {
  const script = new URL(`./keeper${extname(import.meta.url)}`, import.meta.url);
  return fork(fileURLToPath(script), {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...readEnvironment().forServer },
    execArgv: ['--disable-warning=ExperimentalWarning'], // node:sqlite warns on Node 22
  });
}

async function started(keeper: ChildProcess, order: KeeperOrder): Promise<Extract<KeeperAnswer, { event: 'started' }>> {
  const answered = once(keeper, 'message') as Promise<[KeeperAnswer]>;
  keeper.send(order);
  const ended = once(keeper, 'exit').then((): [KeeperAnswer] => [{ event: 'failed', reason: 'its keeper ended' }]);
  const [answer] = await Promise.race([answered, ended]);
  switch (answer.event) {
    case 'started':
      return answer;
    case 'taken':
      throw alreadyRunning(readAddress(order.files));
    case 'failed':
      throw new UserError('The embedded Temporal server could not be started', {
        state: `No server runs. ${order.executable} on ${order.files.database}: ${answer.reason}.`,
        next: 'Check that the executable runs, and that you own the data folder and everything in it.',
      });
  }
}

/** The keeper stops the server; if the keeper itself is killed, this process does. `unref`, so that neither keeps this process running. */
function endWithKeeper(keeper: ChildProcess, pid: number): void {
  keeper.once('exit', (_code, signal) => {
    if (signal !== null) endProcess(pid);
  });
  keeper.unref();
  keeper.channel?.unref();
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // The server has already ended.
  }
}

async function ready(dataDir: string, ended: Promise<void>): Promise<void> {
  const gone = new AbortController();
  const limits = { withinMs: readyMs, attemptMs: 1_000, signal: gone.signal, check: serves };
  const target = embeddedTarget(dataDir);
  // A refused connection waits before it retries; waiting for the port is faster.
  const listened = untilTaken(portOf(target.address), AbortSignal.any([gone.signal, AbortSignal.timeout(readyMs)]));
  const usable = listened.then(() => waitUntilUsable(target, limits));
  const outcome = await Promise.race([usable.catch(() => 'silent' as const), ended.then(() => 'ended' as const)]);
  gone.abort();
  if (outcome !== undefined) throw notReady(embeddedFiles(dataDir), outcome);
}

function portOf(address: string): number {
  return Number(address.split(':')[1]);
}

function notReady(files: EmbeddedFiles, outcome: 'silent' | 'ended'): UserError {
  const what = outcome === 'ended' ? 'ended while it started' : `did not answer within ${readyMs / 1000} seconds`;
  const lines = lastLogLines(files);
  const Failure = lines.some((line) => line.includes('address already in use')) ? PortTaken : UserError;
  return new Failure(`The embedded Temporal server ${what}`, {
    state: ['No server runs. The last lines of its log:', ...lines.map((line) => `  ${line}`)].join('\n'),
    next: `See the whole log in ${files.log}. If the database is damaged, move ${files.database} away: rotations are rebuilt from the store.`,
  });
}

function taken(port: number): PortTaken {
  return new PortTaken(`Port ${port} of this machine is in use`, {
    state: 'Nothing was started.',
    next: `Stop the program that listens there (ss -ltnp shows it), or try again later.`,
  });
}

function alreadyRunning(record: AddressRecord | null): UserError {
  const state =
    record === null
      ? 'It is starting or stopping right now.'
      : `It answers at ${record.address} (process ${record.pid}), started by process ${record.owner}, running since ${record.startedAt}.`;
  return new UserError('A Temporal server already runs on this data', {
    state,
    next: 'Use that server: other commands find it by themselves. Or stop the keyturn up that started it, then try again.',
  });
}
