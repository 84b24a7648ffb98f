import type { Client } from '@temporalio/client';
import type { Assignment } from '../crash-test/setback.js';
import type { Job } from '../crash-test/sandbox.js';
import type { WorkerPool, WorkerProcess } from '../crash-test/worker.js';
import type { Without } from '../crash-test/worker-process.js';
import { createClient } from './client.js';
import { employ } from './employ.js';
import { SimProcess, type Simulation } from './engine.js';
import type { Around } from './places.js';
import { SimTemporal } from './temporal.js';
import type { SimWorker } from './worker.js';

export interface SimJobOptions {
  /** Safety rules that workers are built without. */
  readonly without?: Without;
  readonly around?: Around;
}

/** Everything that the crash matrix needs from outside (Job), in memory. */
export interface SimJob extends Job {
  readonly server: SimTemporal;
  readonly processes: readonly SimProcess[];
  /** Starts one more worker. */
  hire(assignment: Assignment): WorkerProcess;
  dispose(): Promise<void>;
}

const crashMs = { from: 300, to: 1_500 }; // until a killed server is back

export function createSimJob(sim: Simulation, options: SimJobOptions = {}): SimJob {
  const server = new SimTemporal(sim);
  const processes: SimProcess[] = [];
  const workers: SimWorker[] = [];
  const hired = new Map<WorkerProcess, SimProcess>();

  function hire(assignment: Assignment): WorkerProcess {
    const process = new SimProcess(sim, `worker-${processes.length + 1}`);
    processes.push(process);
    const worker = employ(process, { assignment, server, options, onWorker: (started) => workers.push(started) });
    hired.set(worker, process);
    return worker;
  }
  return {
    ...{ server, processes, hire, temporal: fragile(server) },
    workers: {
      take: hire,
      giveBack: async (worker: WorkerProcess) => hired.get(worker)?.kill(),
      stop: async () => undefined,
    } as unknown as WorkerPool,
    async dispose() {
      for (const process of processes) process.kill();
      for (const worker of workers) await worker.dispose();
    },
  };
}

/** The simulated server, as the faults of the crash matrix use it. */
function fragile(server: SimTemporal): Job['temporal'] {
  const { sim } = server;
  return {
    dataDir: 'memory',
    client: createClient(server) as unknown as Client,
    async crash() {
      server.away(sim.random.between(crashMs.from, crashMs.to));
    },
    async away(ms) {
      server.away(ms);
      await sim.sleep(ms);
    },
    stop: async () => undefined,
  };
}
