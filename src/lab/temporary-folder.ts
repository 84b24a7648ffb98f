import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryFolder {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

const made = new Set<string>();

/** A folder, readable by nobody else, that is gone at the latest when this process ends, unless it is killed. */
export function temporaryFolder(prefix: string, parent = tmpdir()): TemporaryFolder {
  if (made.size === 0) process.once('exit', removeAll);
  const path = mkdtempSync(join(parent, prefix));
  made.add(path);
  return { path, remove: async () => remove(path) };
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 3 }); // a server that is ending may still write there
  made.delete(path);
  if (made.size === 0) process.off('exit', removeAll);
}

function removeAll(): void {
  for (const path of made) remove(path);
}
