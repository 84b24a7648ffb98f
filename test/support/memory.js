import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const memory = '/dev/shm';
const prefix = 'keyturn-tests-';
const dayMs = 24 * 3_600_000;
const enough = 2 ** 30; // a run was seen to hold some 30 MB at a time

/**
 * A folder in memory for the temporary files of this run; null where there is no place for one. A store waits for the
 * disk at each commit, which takes tests as long as everything else together. No test is about a loss of power.
 */
export function folderInMemory() {
  if (!existsSync(memory)) return null;
  clearAway();
  const { bavail, bsize } = statfsSync(memory);
  if (bavail * bsize < enough) return null;
  const folder = mkdtempSync(join(memory, prefix));
  chmodSync(folder, 0o1777); // as /tmp
  if (runsPrograms(folder)) return folder;
  rmSync(folder, { recursive: true });
  return null;
}

/** Removes what killed runs left there. */
function clearAway() {
  const left = readdirSync(memory).filter((name) => name.startsWith(prefix));
  for (const folder of left.map((name) => join(memory, name)))
    if (statSync(folder).mtimeMs < Date.now() - dayMs) rmSync(folder, { recursive: true, force: true });
}

/** Whether programs can run there. Containers often forbid it, and some tests write a program. */
function runsPrograms(folder) {
  const program = join(folder, 'program');
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
  try {
    execFileSync(program);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(program);
  }
}
