import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { isFree } from '../temporal/ports.js';

const first = 20_000; // below the ports that systems give out by themselves
const count = 10_000;

/**
 * The port of a data folder's embedded server, always the same one, so that whoever watches a rotation finds the server again after a
 * restart. Undefined while something else has it: then any free one will do.
 */
export async function homePort(dataDir: string): Promise<number | undefined> {
  const digest = createHash('sha256').update(resolve(dataDir)).digest();
  const port = first + (digest.readUInt32BE() % count);
  return (await isFree(port)) ? port : undefined;
}
