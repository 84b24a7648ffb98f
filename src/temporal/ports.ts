import { createHash, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

// Below the ephemeral ports, so that the system assigns none of these before the server takes it; above every data folder's home port.
const [first, last] = [30_000, 32_000];

/**
 * Free ports on loopback, all different. Another program may take one before it is used: then call this again.
 * @param wanted a port to use as the first one, free or not
 */
export async function freePorts(count: number, wanted?: number): Promise<number[]> {
  for (;;) {
    const start = randomInt(first, last - count);
    const ports = Array.from({ length: count }, (_, index) => start + index);
    if (wanted !== undefined) ports[0] = wanted;
    const free = await Promise.all(ports.map(async (port) => port === wanted || (await isFree(port))));
    if (free.every(Boolean) && new Set(ports).size === count) return ports;
  }
}

/** Waits until a program listens on this port of loopback, or until the signal. */
export async function untilTaken(port: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const socket = connect({ port, host: '127.0.0.1' });
    try {
      await once(socket, 'connect');
      return;
    } catch {
      await delay(10);
    } finally {
      socket.destroy();
    }
  }
}

/** Whether no program listens on this port of loopback. */
export async function isFree(port: number): Promise<boolean> {
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

const homePorts = { first: 20_000, count: 10_000 }; // below the ephemeral ports

/**
 * The port of a data folder's embedded server. It is always the same, so that a command that watches a rotation finds the server again after a
 * restart. Undefined while something else uses it: then any free port will do.
 */
export async function homePort(dataDir: string): Promise<number | undefined> {
  const digest = createHash('sha256').update(resolve(dataDir)).digest();
  const port = homePorts.first + (digest.readUInt32BE() % homePorts.count);
  return (await isFree(port)) ? port : undefined;
}
