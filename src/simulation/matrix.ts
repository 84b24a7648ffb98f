import { type Boundary, type CrashCase, flows } from '../crash-test/cases.js';
import { recordBoundaries } from '../crash-test/record.js';
import { runCase, type CaseVerdict } from '../crash-test/run-case.js';
import { Simulation } from './engine.js';
import { createSimJob, type SimJob, type SimJobOptions } from './job.js';
import { resetNetwork } from './network.js';
import { tracing } from './places.js';
import { resetSockets } from './sockets.js';

export interface SimulationOptions extends SimJobOptions {
  /** Whether to keep a line for everything that happens. */
  readonly lines?: boolean;
}

export interface Simulated<T> {
  readonly value: T;
  readonly sim: Simulation;
}

/** Runs one simulation from a clean start, and disposes of it. The seed alone decides what it does. */
export async function inSimulation<T>(
  seed: string,
  play: (job: SimJob, sim: Simulation) => Promise<T>,
  { lines = false, ...options }: SimulationOptions = {},
): Promise<Simulated<T>> {
  resetNetwork();
  resetSockets();
  const sim = new Simulation(seed, { lines });
  const job = createSimJob(sim, options);
  const value = await sim.run(async () => {
    try {
      return await play(job, sim);
    } finally {
      await job.dispose();
    }
  });
  return { value, sim };
}

/** Records the boundaries of every flow of a procedure. */
export async function simulateBoundaries(procedure: string): Promise<Boundary[]> {
  const boundaries: Boundary[] = [];
  for (const flow of flows) {
    const { value } = await inSimulation(`boundaries of ${flow}`, (job) => recordBoundaries(job, procedure, flow));
    boundaries.push(...value);
  }
  return boundaries;
}

/** Plays one case of the crash matrix, unchanged, in memory. */
export function simulateCase(
  crash: CrashCase,
  seed: string,
  options: SimulationOptions = {},
): Promise<Simulated<CaseVerdict>> {
  return inSimulation(`${seed}/${crash.procedure}/${crash.id}`, (job) => runCase(job, crash), {
    around: tracing,
    ...options,
  });
}
