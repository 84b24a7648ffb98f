import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryFolder {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

const folders = new Set<string>();

/** Creates a folder that only its owner can read. It is removed when this process ends, unless the process is killed. */
export function temporaryFolder(prefix: string, parent = tmpdir()): TemporaryFolder {
  if (folders.size === 0) process.once('exit', removeAll);
  const path = mkdtempSync(join(parent, prefix));
  folders.add(path);
  return { path, remove: async () => remove(path) };
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 3 }); // a server that is ending may still write there
  folders.delete(path);
  if (folders.size === 0) process.off('exit', removeAll);
}

function removeAll(): void {
  for (const path of folders) remove(path);
}
