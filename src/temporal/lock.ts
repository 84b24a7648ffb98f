import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** A held lock. It is an exclusive SQLite transaction: the kernel ends it with its process, so it is never stale and no pid is trusted. */
export interface Lock {
  release(): void;
}

const sqliteBusy = 5; // https://www.sqlite.org/rescode.html#busy

/** Takes the lock, or says at once with null that another process has it. The file must be on a local disk. */
export function tryLock(file: string): Lock | null {
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE'); // no journal file beside the lock
    return { release: () => database.close() };
  } catch (err) {
    database.close();
    if (isBusy(err)) return null;
    throw err;
  }
}

/** Whether another process holds the lock now. */
export function isLocked(file: string): boolean {
  if (!existsSync(file)) return false;
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    database.prepare('SELECT 1 FROM sqlite_master').all();
    return false;
  } catch (err) {
    if (isBusy(err)) return true;
    throw err;
  } finally {
    database.close();
  }
}

function isBusy(err: unknown): boolean {
  return typeof err === 'object' && err !== null && 'errcode' in err && err.errcode === sqliteBusy;
}
