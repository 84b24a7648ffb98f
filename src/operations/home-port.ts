import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { resolve } from 'node:path';

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

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
