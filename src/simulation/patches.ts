// Replaces what Node takes from outside: with virtual time, seeded randomness and memory. No file of the product knows
// of it. Built-in modules are changed before the product is loaded, and `syncBuiltinESMExports` shows the change to
// every importer.
import type * as Http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { setGlobalDispatcher } from 'undici';
import { owner } from './engine.js';
import { MemoryDispatcher, memoryFetch } from './http-clients.js';
import { createMemoryServer } from './network.js';
import { patchBodies, patchFiles } from './patch-files.js';
import { patchKeys } from './patch-keys.js';
import { patchPrograms } from './patch-programs.js';
import { patchRandomness } from './patch-random.js';
import { patchSealing } from './patch-sealing.js';
import { patchClock, patchTimers } from './patch-time.js';
import { builtin, replace, sim } from './replace.js';
import { patchSockets } from './sockets.js';

/** Called once per process, before the product is imported. */
export function install(silenceMs = 1_000): void {
  patchClock();
  patchTimers();
  patchRandomness();
  patchKeys();
  patchSealing();
  patchFiles();
  patchBodies();
  patchSignals();
  patchPrograms();
  patchSockets();
  const http = builtin<typeof Http>('node:http');
  replace(
    http,
    'createServer',
    (original) => ((...args: [never]) => (sim() ? createMemoryServer(args[0]) : original(...args))) as never,
  );
  replace(
    globalThis,
    'fetch',
    (original) => ((...args: [never, never]) => (sim() ? memoryFetch(...args) : original(...args))) as never,
  );
  const base = new MemoryDispatcher(silenceMs);
  setGlobalDispatcher(routed(base));
  syncBuiltinESMExports();
}

/** How requests of a simulated process go out. Other requests go out directly. */
export const doors = new WeakMap<object, MemoryDispatcher['dispatch']>();

function routed(base: MemoryDispatcher): MemoryDispatcher {
  const direct = base.dispatch.bind(base);
  base.dispatch = (options, handler) => (doors.get(owner.getStore() ?? base) ?? direct)(options, handler);
  directDoor = direct;
  return base;
}

/** The network with nothing in front of it. */
export let directDoor: MemoryDispatcher['dispatch'];

/** Lets a simulated process kill itself. It stops where it reports its setback (employ.ts). */
function patchSignals(): void {
  replace(process, 'kill', (original) => (pid: number, signal?: string | number) => {
    const self = owner.getStore();
    if (!self || pid !== process.pid) return original.call(process, pid, signal);
    if (signal === 'SIGKILL') self.kill();
    return true;
  });
}
