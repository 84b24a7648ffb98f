import { composeSystems } from '../../workers/compose.js';
import { registered } from '../../workers/registered.js';
import { openSession } from '../operations/session/session.js';
import type { Assignment, Outgoing, Trace, WorkerMessage } from '../crash-test/setback.js';
import { createRecorder } from '../crash-test/recorder.js';
import type { WorkerProcess } from '../crash-test/worker.js';
import { owner, type SimProcess } from './engine.js';
import type { SimJobOptions } from './job.js';
import { directDoor, doors } from './patches.js';
import { traceChanges } from './file-changes.js';
import { entering, gatedStore, knocking } from './places.js';
import type { SimTemporal } from './temporal.js';
import { SimWorker } from './worker.js';

/** What a simulated worker process is built from. */
export interface Employment {
  readonly assignment: Assignment;
  readonly server: SimTemporal;
  readonly options: SimJobOptions;
  readonly onWorker: (worker: SimWorker) => void;
}

const startMs = { from: 20, to: 120 }; // a process that was loaded in advance sets itself up

/**
 * Does what src/crash-test/worker-process.ts does in a process of its own, and src/crash-test/worker.ts from outside.
 */
export function employ(process: SimProcess, employment: Employment): WorkerProcess {
  const { sim } = process;
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => undefined);
  const reports = createReports(process, employment.assignment.setback);
  sim.after(sim.random.between(startMs.from, startMs.to), () =>
    owner.run(process, () => {
      work(process, employment, reports).then(ready.resolve, ready.reject);
    }),
  );
  return {
    ended: reports.ended,
    get frozenAt() {
      return reports.frozenAt();
    },
    ...{ ready: ready.promise, reached: reports.reached, exited: process.exited.promise },
    goOn: () => reports.letGoOn(),
    signal(signal) {
      if (signal === 'SIGCONT') process.thaw();
      if (signal === 'SIGSTOP') process.freeze();
      if (signal === 'SIGKILL') process.kill();
    },
  };
}

/** What a worker reports about itself, and how it gets the order to go on after its setback. */
function createReports(process: SimProcess, setback: Assignment['setback']) {
  const reached = Promise.withResolvers<Outgoing | null>();
  const ended: { trace: Trace; outcome: 'succeeded' | 'failed' }[] = [];
  let frozenAt = 0;
  let goOn = Promise.withResolvers<void>();
  async function report(message: WorkerMessage): Promise<void> {
    await process.gate();
    if (message.event === 'ended') ended.push(structuredClone(message)); // a copy: the trace changes afterwards
    if (message.event !== 'reached') return;
    frozenAt = ended.length;
    process.sim.note(`${process.name} comes to its setback: ${JSON.stringify(setback)}`);
    reached.resolve(message.request);
    if (setback?.act !== 'stop') return;
    process.freeze();
    await process.gate();
  }
  return {
    ...{ ended, reached: reached.promise, report, goOn: () => goOn.promise, frozenAt: () => frozenAt },
    letGoOn() {
      goOn.resolve();
      goOn = Promise.withResolvers();
    },
  };
}

async function work(
  process: SimProcess,
  { assignment, server, options, onWorker }: Employment,
  { report, goOn }: Pick<Parameters<typeof createRecorder>[0], 'report' | 'goOn'>,
): Promise<void> {
  const { file, setback } = assignment;
  const { without = {}, around } = options;
  const session = await openSession({ file });
  void process.exited.promise.then(() => session.close());
  const box: { worker?: SimWorker } = {};
  const recorder = createRecorder({
    ...{ setback, report, goOn },
    async retire() {
      if (box.worker) box.worker.polling = false;
    },
  });
  doors.set(process, knocking(process, recorder.requests(directDoor), around));
  traceChanges(process, recorder, around);
  const whole = session.store;
  // the rule is taken out below the gate, so the places stay where they were
  const store = recorder.store(gatedStore(without.store?.(whole) ?? whole, process, around));
  const activities = registered(composeSystems(session.config, store));
  const worker = new SimWorker({
    ...{ process, temporal: server, store },
    ...(without.workflows && { workflows: without.workflows }),
    activities: entering(recorder.activities(without.activities?.(activities, store) ?? activities), process, around),
  });
  box.worker = worker;
  onWorker(worker);
  server.join(worker);
}
