import { withCleanup } from '../lab/with-cleanup.js';
import type { Boundary, Flow } from './cases.js';
import { startStage } from './stages/index.js';
import { type Job, openTheater, within } from './theater.js';

const runMs = 60_000;

/** Plays a procedure once without trouble and writes down every activity of it: the boundaries. */
export async function recordBoundaries(job: Job, procedure: string, flow: Flow): Promise<Boundary[]> {
  return withCleanup(async (defer) => {
    const stage = await startStage(procedure);
    defer(() => stage.scenario.stop());
    const { handle, worker, session } = await openTheater(job, { stage, flow, snag: null }, defer);
    await within(`${procedure} ends without trouble`, handle.result(), runMs);
    const ledger = await session.store.ledger();
    return worker.ended
      .filter(({ outcome }) => outcome === 'succeeded')
      .map(({ trace: { index, occurrence, id, activity, requests, writes, fences } }) => {
        const entry = ledger.find(({ activityId, event }) => activityId === id && event === 'succeeded');
        if (!entry?.phase) throw new Error(`the ledger does not know activity ${id}`);
        const { phase, title = activity, version = null, outcome = null } = entry;
        const what = { flow, index, occurrence, activity, phase, title, version, outcome };
        return { ...what, requests, writes: [...writes, 'record'], fences };
      })
      .sort((a, b) => a.index - b.index);
  });
}
