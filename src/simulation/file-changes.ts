import { standAroundFiles } from '../crash-test/file-changes.js';
import type { Recorder } from '../crash-test/recorder.js';
import { owner, type SimProcess } from './engine.js';
import type { Around } from './places.js';

const recorders = new WeakMap<SimProcess, Recorder['change']>();

/**
 * A file change is the only change that does not leave over HTTP. It passes the recorder too, as in
 * src/crash-test/worker-process.ts.
 */
standAroundFiles((request, work) => {
  const process = owner.getStore();
  const change = process && recorders.get(process);
  return change ? change(request, work) : work();
});

/** From now on, the file changes of a process pass its recorder. */
export function traceChanges(process: SimProcess, recorder: Recorder, around: Around | undefined): void {
  recorders.set(process, async (request, work) => {
    const name = `${request.method} ${request.path}`;
    around?.pass({ at: 'request', name, request }, process);
    await process.gate();
    await recorder.change(request, work);
    around?.pass({ at: 'answer', name }, process);
    await process.gate();
  });
}
