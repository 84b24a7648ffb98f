// The keeper stands between Keyturn and its embedded Temporal server, because the server would outlive a killed Keyturn. It holds the lock and a
// channel to the process that asked for the server; when that process is gone, however it ended, the keeper stops the server.
// It imports nothing of Keyturn at run time but the certificates, when it holds the lock: it must start fast and stay small.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { extname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as Certificates from './certificates.js';
import type { AddressRecord, EmbeddedFiles } from './embedded-files.js';

/** What the keeper is told, once. */
export interface KeeperOrder {
  readonly executable: string;
  readonly args: readonly string[];
  readonly serverVersion: string;
  readonly files: EmbeddedFiles;
  readonly address: string;
  /** Files that are written before the server starts. */
  readonly contents: readonly (readonly [file: string, content: string])[];
}

/** What the keeper answers, once. `setAside` is the new name of a database of another server version. */
export type KeeperAnswer =
  | { readonly event: 'started'; readonly pid: number; readonly setAside: string | null }
  | { readonly event: 'taken' }
  | { readonly event: 'failed'; readonly reason: string };

const lockWaitMs = 15_000; // longer than a server needs to stop, so that a restart right after a kill succeeds
const stopMs = 10_000; // a server stops within 1.1 s when idle

let lock: DatabaseSync | undefined; // kept here, or the garbage collector would close it
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

/** False when a running server holds the lock. Without an address file its holder is starting or stopping, so it is worth waiting. */
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

/** A server whose keeper was killed still runs on the database. Its command line shows that the recorded pid is still that server. */
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
    return undefined; // there is none, or a power cut left half of it
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

/** The server applies its schema to new databases only, so one of another version would fail in odd ways. Nothing is lost: the store is elsewhere. */
function setAsideOtherVersion({ files: { database, version }, serverVersion }: KeeperOrder): string | null {
  const written = existsSync(version) ? readFileSync(version, 'utf8').trim() : 'unknown';
  const keeps = !existsSync(database) || written === serverVersion;
  const aside = `${database}.${written}-${Date.now()}`;
  // The main file last: while it is there, a start that was interrupted is repeated.
  for (const suffix of keeps ? [] : ['-wal', '-shm', ''])
    if (existsSync(database + suffix)) renameSync(database + suffix, aside + suffix);
  writeFileSync(version, `${serverVersion}\n`);
  return keeps ? null : aside;
}

/** The services of the run before are gone. The next would look for them under their old ports first, and for half a minute nothing would work. */
function forgetMembers({ database }: EmbeddedFiles): void {
  if (!existsSync(database)) return;
  const opened = new DatabaseSync(database);
  try {
    opened.exec('DELETE FROM cluster_membership');
  } catch {
    // A database without this table is being made, or is damaged: the server says more than we could.
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

/** Ends the server and, with it, the keeper. */
function stop(): void {
  if (server?.pid === undefined) process.exit();
  if (files) rmSync(files.address, { force: true });
  server.kill('SIGTERM');
  setTimeout(() => server?.kill('SIGKILL'), stopMs);
}

/** Sends the only answer there will be and ends, leaving nothing running. */
function answer(last: KeeperAnswer): void {
  server?.kill('SIGKILL');
  if (process.send === undefined || !process.connected) process.exit();
  process.send(last, () => process.exit());
}

/** The system's code for what went wrong, for instance EACCES; never a text that may quote something. */
function reasonOf(err: unknown): string {
  return err instanceof Error && 'code' in err ? String(err.code) : 'an unexpected error';
}
