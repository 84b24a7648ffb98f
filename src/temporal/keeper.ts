// The keeper is a process between Keyturn and its embedded Temporal server. Without it, the server would outlive a killed Keyturn. The keeper
// holds the lock and a channel to the process that started it. When that process has ended, for any reason, the keeper stops the server.
// At run time it imports nothing of Keyturn but the certificates, and those only when it holds the lock: it must start fast and stay small.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { extname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as Certificates from './certificates.js';
import type { AddressRecord, EmbeddedFiles } from './embedded-files.js';

/** The single message to the keeper. */
export interface KeeperOrder {
  readonly executable: string;
  readonly args: readonly string[];
  readonly serverVersion: string;
  readonly files: EmbeddedFiles;
  readonly address: string;
  /** Files to write before the server starts. */
  readonly contents: readonly (readonly [file: string, content: string])[];
}

/** The keeper's single answer. `setAside` is the new name of a database of another server version. */
export type KeeperAnswer =
  | { readonly event: 'started'; readonly pid: number; readonly setAside: string | null }
  | { readonly event: 'taken' }
  | { readonly event: 'failed'; readonly reason: string };

const lockWaitMs = 15_000; // longer than a server needs to stop, so that a restart right after a kill succeeds
const stopMs = 10_000; // a server stops within 1.1 s when idle

let lock: DatabaseSync | undefined; // a global, so that the garbage collector does not close it
let server: ChildProcess | undefined;
let files: EmbeddedFiles | undefined;

process.umask(0o077);
process.once('message', (order) => {
  keep(order as KeeperOrder).catch((err: unknown) => answer({ event: 'failed', reason: reasonOf(err) }));
});
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
process.once('disconnect', stop);

async function keep(order: KeeperOrder): Promise<void> {
  if (!(await takeLock(order.files))) return answer({ event: 'taken' });
  files = order.files;
  await endOrphan(order.files);
  rmSync(order.files.address, { force: true });
  const setAside = setAsideOtherVersion(order);
  forgetMembers(order.files);
  await certify(order.files);
  for (const [file, content] of order.contents) replace(file, content);
  const child = startServer(order);
  if (child.pid === undefined) return; // its error event answers
  writeAddress(order, child.pid);
  process.send?.({ event: 'started', pid: child.pid, setAside } satisfies KeeperAnswer);
}

/** False when a running server holds the lock. Without an address file, that server is starting or stopping, so this waits. */
async function takeLock({ lock: file, address }: EmbeddedFiles): Promise<boolean> {
  lock = new DatabaseSync(file);
  for (const deadline = Date.now() + lockWaitMs; Date.now() < deadline; await sleep(50)) {
    try {
      lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE'); // as in lock.ts
      return true;
    } catch (err) {
      if (!(err instanceof Error && 'errcode' in err && err.errcode === 5)) throw err; // 5: SQLITE_BUSY
      if (existsSync(address)) return false;
    }
  }
  return false;
}

/** Ends a server whose keeper was killed and that still runs on the database. Its command line shows that the recorded pid is still that server. */
async function endOrphan({ address, config }: EmbeddedFiles): Promise<void> {
  const pid = recordedPid(address);
  const runs = (): boolean => pid !== undefined && commandLine(pid).includes(config);
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (pid === undefined || !runs()) return;
    process.kill(pid, signal);
    for (const deadline = Date.now() + stopMs; runs() && Date.now() < deadline;) await sleep(50);
  }
}

function recordedPid(address: string): number | undefined {
  try {
    return (JSON.parse(readFileSync(address, 'utf8')) as Partial<AddressRecord>).pid;
  } catch {
    return undefined; // there is no record, or a power cut truncated it
  }
}

function commandLine(pid: number): string {
  try {
    return existsSync('/proc/self/cmdline')
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      : execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

/**
 * Sets a database of another server version aside. The server applies its schema only to new databases, so it would fail unpredictably on
 * that one. Nothing is lost, because the store is a separate file.
 */
function setAsideOtherVersion({ files: { database, version }, serverVersion }: KeeperOrder): string | null {
  const written = existsSync(version) ? readFileSync(version, 'utf8').trim() : 'unknown';
  const keeps = !existsSync(database) || written === serverVersion;
  const aside = `${database}.${written}-${Date.now()}`;
  // The main file last: as long as it exists, an interrupted start does this again.
  for (const suffix of keeps ? [] : ['-wal', '-shm', ''])
    if (existsSync(database + suffix)) renameSync(database + suffix, aside + suffix);
  writeFileSync(version, `${serverVersion}\n`);
  return keeps ? null : aside;
}

/**
 * Removes the services of the previous run from the database. A new server would try their old ports first, and would not work for half a
 * minute.
 */
function forgetMembers({ database }: EmbeddedFiles): void {
  if (!existsSync(database)) return;
  const opened = new DatabaseSync(database);
  try {
    opened.exec('DELETE FROM cluster_membership');
  } catch {
    // The database is new or damaged. The server reports more than we could.
  } finally {
    opened.close();
  }
}

async function certify({ certificates }: EmbeddedFiles): Promise<void> {
  const beside = `./certificates${extname(import.meta.url)}`;
  const { ensureCertificates } = (await import(beside)) as typeof Certificates;
  await ensureCertificates(certificates);
}

function startServer({ executable, args, files: { log, address } }: KeeperOrder): ChildProcess {
  if (existsSync(log)) renameSync(log, `${log}.1`);
  const output = openSync(log, 'w');
  server = spawn(executable, args, { stdio: ['ignore', output, output] });
  server.once('error', (err) => answer({ event: 'failed', reason: reasonOf(err) }));
  server.once('exit', () => {
    rmSync(address, { force: true });
    process.exit();
  });
  return server;
}

function writeAddress({ files: { address: file }, address }: KeeperOrder, pid: number): void {
  const startedAt = new Date().toISOString();
  const record: AddressRecord = { address, pid, owner: process.ppid, startedAt };
  replace(file, JSON.stringify(record));
}

function replace(file: string, content: string): void {
  writeFileSync(`${file}.new`, content);
  renameSync(`${file}.new`, file);
}

function stop(): void {
  if (server?.pid === undefined) process.exit();
  if (files) rmSync(files.address, { force: true });
  server.kill('SIGTERM');
  setTimeout(() => server?.kill('SIGKILL'), stopMs);
}

function answer(last: KeeperAnswer): void {
  server?.kill('SIGKILL');
  if (process.send === undefined || !process.connected) process.exit();
  process.send(last, () => process.exit());
}

/** The system's error code, for instance EACCES; never a message, which may quote a secret. */
function reasonOf(err: unknown): string {
  return err instanceof Error && 'code' in err ? String(err.code) : 'an unexpected error';
}
