import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { openEngine } from '../docuelevate/engine.js';
import { reporting } from '../shared/evidence.js';
import { propagating } from '../shared/failures.js';
import { requireFence } from '../shared/fencing.js';
import { scope } from '../shared/scope.js';
import type { DeploymentDeps } from './activities.js';
import { newest, restartDueAt } from './due.js';
import { noteUse } from './restart.js';
import { isApiNew, judge, shownOf, watch } from './watch.js';

/**
 * Whether API and workers were started anew since the environment was changed. Two observations show it: the API answered nothing for a
 * moment or shows the new value, and a worker announced the check that it makes after its start. Which value a worker uses is shown by
 * the proof of the setting itself.
 */
export async function processesAreNew(deps: DeploymentDeps, ref: VersionRef): Promise<Finding> {
  const { store } = deps;
  const say = reporting(store, ref, 'processes');
  const due = await restartDueAt(store, ref);
  if (due === null) return say('proved', 'nothing was changed that processes read only at their start');
  const known = newest(await store.evidence(ref), 'processes', due);
  const engine = await openEngine(deps, ref);
  if (known && known.outcome !== 'failed') {
    const shown = await shownOf(engine, ref);
    const { outcome, detail } =
      shown === 'other' ? judge({ shown, down: false, worker: true }, { wholly: false }) : known;
    return say(outcome, detail);
  }
  const until = Date.now() + deps.upWithinMs;
  const seen = await watch({ engine, ref, since: due, until, down: false, forward: true });
  const { outcome, detail } = judge(seen, { wholly: known !== undefined });
  if (outcome !== 'failed') await noteUse(deps, ref);
  return say(outcome, detail);
}

/**
 * Waits until a person has restarted API and workers since the environment was changed. One attempt watches for a minute, and for
 * another one where only half of the restart was seen.
 */
export async function awaitRestart(deps: DeploymentDeps, ref: VersionRef): Promise<void> {
  const { store, upWithinMs } = deps;
  await requireFence(store, ref);
  const due = await restartDueAt(store, ref);
  if (due === null) return;
  const engine = await openEngine(deps, ref);
  const look = (down: boolean) =>
    watch({ engine, ref, since: due, until: Date.now() + upWithinMs, down, forward: true });
  let seen = await look(false);
  if (seen.worker !== isApiNew(seen)) {
    const more = await look(seen.down);
    seen = { ...more, worker: more.worker || seen.worker };
  }
  if (!seen.worker || !isApiNew(seen)) throw propagating('DocuElevate was not restarted yet', againMs);
  const detail = 'its processes were seen to start';
  await store.prove(ref, { kind: 'restarted', outcome: 'proved', detail }, { writer: scope().writer, at: due });
  await store.prove(ref, { kind: 'processes', ...judge(seen, { wholly: true }) });
  await noteUse(deps, ref);
}

const againMs = 1_000; // a restart shows for ten seconds, so the next attempt has to begin soon
