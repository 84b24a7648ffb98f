import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { isFree } from '../../temporal/ports.js';

const first = 20_000; // below the ephemeral ports
const count = 10_000;

/**
 * The port of a data folder's embedded server. It is always the same, so that a command that watches a rotation finds the server again after a
 * restart. Undefined while something else uses it: then any free port will do.
 */
export async function homePort(dataDir: string): Promise<number | undefined> {
  const digest = createHash('sha256').update(resolve(dataDir)).digest();
  const port = first + (digest.readUInt32BE() % count);
  return (await isFree(port)) ? port : undefined;
}
