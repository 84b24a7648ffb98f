import { createRequire } from 'node:module';
import type ssh2 from 'ssh2';

const load = createRequire(import.meta.url);

/** Loaded when a server is asked or a key is read, because every command loads the files around it. */
export function ssh(): typeof ssh2 {
  return load('ssh2') as typeof ssh2;
}
