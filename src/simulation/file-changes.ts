import { standAroundFiles } from '../prove/file-changes.js';
import type { Tracer } from '../prove/tracer.js';
import { owner, type SimProcess } from './engine.js';
import type { Around } from './places.js';

const tracers = new WeakMap<SimProcess, Tracer['change']>();

/** What changes a file is the one change that leaves otherwise than over HTTP; it passes the tracer too, as in src/prove/worker-process.ts. */
standAroundFiles((request, work) => {
  const process = owner.getStore();
  const change = process && tracers.get(process);
  return change ? change(request, work) : work();
});

/** From now on the changes of a process pass its tracer. */
export function traceChanges(process: SimProcess, tracer: Tracer, around: Around | undefined): void {
  tracers.set(process, async (request, work) => {
    const name = `${request.method} ${request.path}`;
    around?.pass({ at: 'request', name, request }, process);
    await process.gate();
    await tracer.change(request, work);
    around?.pass({ at: 'answer', name }, process);
    await process.gate();
  });
}
