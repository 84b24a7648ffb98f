import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** A held lock: an exclusive SQLite transaction. The kernel releases it when its process ends, so it is never stale and needs no pid. */
export interface Lock {
  release(): void;
}

const sqliteBusy = 5; // https://www.sqlite.org/rescode.html#busy

/** Takes the lock, or returns null at once when another process holds it. The file must be on a local disk. */
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
