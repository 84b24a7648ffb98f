import { withCleanup } from '../lab/with-cleanup.js';
import type { Boundary, Flow } from './cases.js';
import type { RequestKind } from './setback.js';
import { startFixture } from './fixtures/index.js';
import { type Job, openSandbox, within } from './sandbox.js';
import { kindOf } from './recorder.js';
import type { WorkerProcess } from './worker.js';

const runMs = 60_000;

/** Plays a procedure once without trouble, and records every activity of it: the boundaries. */
export async function recordBoundaries(job: Job, procedure: string, flow: Flow): Promise<Boundary[]> {
  return withCleanup(async (defer) => {
    const fixture = await startFixture(procedure);
    defer(() => fixture.scenario.stop());
    const { handle, worker, session } = await openSandbox(job, { fixture, flow, setback: null }, defer);
    await within(`${procedure} ends without trouble`, handle.result(), runMs);
    const ledger = await session.store.ledger();
    return worker.ended
      .filter(({ outcome }) => outcome === 'succeeded')
      .map(({ trace: { index, occurrence, id, activity } }) => {
        const entry = ledger.find(({ activityId, event }) => activityId === id && event === 'succeeded');
        if (!entry?.phase) throw new Error(`the ledger does not know activity ${id}`);
        const { phase, title = activity, version = null, outcome = null } = entry;
        const what = { flow, index, occurrence, activity, phase, title, version, outcome };
        return { ...what, ...didTogether(worker.ended.filter(({ trace }) => trace.id === id)) };
      })
      .sort((a, b) => a.index - b.index);
  });
}

/**
 * What the attempts of an activity did, place by place. A later attempt counts only from where no earlier one got to.
 */
export function didTogether(attempts: WorkerProcess['ended']): Pick<Boundary, 'requests' | 'writes' | 'fences'> {
  const requests = (kind: RequestKind) =>
    furthest(attempts.map(({ trace }) => trace.requests.filter((request) => kindOf(request) === kind)));
  return {
    requests: [...requests('change'), ...requests('read')],
    writes: furthest(
      attempts.map(({ trace: { writes }, outcome }) => [...writes, ...(outcome === 'succeeded' ? ['record'] : [])]),
    ),
    fences: Math.max(...attempts.map(({ trace: { fences } }) => fences)),
  };
}

function furthest<T>(lists: readonly (readonly T[])[]): T[] {
  return lists.reduce<T[]>((all, list) => [...all, ...list.slice(all.length)], []);
}
