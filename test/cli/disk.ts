import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

/** Whether disks can be mounted here. */
export function mountable(): boolean {
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' });
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}

/** Takes all the space of the disk that the file lies on. */
export function fill(file: string): void {
  for (const size of [65536, 4096, 1]) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(size), { flag: 'a' });
    } catch {
      // It is as full as it can be with pieces of this size.
    }
  }
}
