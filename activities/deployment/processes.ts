import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { openEngine } from '../docuelevate/engine.js';
import { reporting } from '../shared/evidence.js';
import { needsDecision } from '../shared/failures.js';
import type { DeploymentDeps } from './activities.js';
import { newest, restartDueAt } from './due.js';
import { isInFile } from './environment-file.js';
import { noteUse } from './restart.js';
import { seenDown } from './outage.js';
import { judge, type Seen, shownBack, shownOf, watch, type Watching } from './watch.js';

/**
 * Whether API and workers were started anew since the environment was changed. Two observations show it: the API answered nothing for a
 * moment or shows what the environment file has, and a worker announced the check that it makes after its start. Which value a worker uses
 * is shown by a document that needs the setting, where one does. A person restarts the engine while this watches: only what is seen counts.
 */
export async function processesAreNew(deps: DeploymentDeps, ref: VersionRef): Promise<Finding> {
  const { store } = deps;
  const say = reporting(store, ref, 'processes');
  const due = await restartDueAt(store, ref);
  if (due === null) return say('proved', 'nothing was changed that processes read only at their start');
  const known = newest(await store.evidence(ref), 'processes', due);
  const engine = await openEngine(deps, ref);
  const forward = await isInFile(deps, ref);
  if (known && known.outcome !== 'failed') {
    const shown = await (forward ? shownOf(engine, ref) : shownBack(engine, ref));
    const isOther = shown === 'other' || shown === 'overridden';
    const { outcome, detail } = isOther ? judge({ shown, down: false, worker: true }, { wholly: false }) : known;
    return say(outcome, detail);
  }
  const strict = deps.deployment(ref.credential).restart === null;
  const until = Date.now() + (strict ? deps.watchMs : deps.upWithinMs);
  const watching = { engine, ref, since: due, until, down: false, forward };
  const seen = strict ? await watchOutage(watching) : await watch(watching);
  const { outcome, detail } = judge(seen, { wholly: known !== undefined, strict });
  if (outcome !== 'failed') await noteUse(deps, ref);
  return say(outcome, detail);
}

/** The queue's statistics take seconds, so an outage of the API could pass between two of them. */
async function watchOutage(watching: Watching): Promise<Seen> {
  const seen: Seen[] = [];
  const down = await seenDown(watching.engine.client, async (outage) => {
    seen.push(await watch({ ...watching, outage }));
  });
  const [last = { down, worker: false, shown: 'alike' as const }] = seen;
  return { ...last, down: last.down || down };
}

/** Throws NeedsDecision when a process was not started anew. */
export async function requireNewProcesses(deps: DeploymentDeps, ref: VersionRef): Promise<void> {
  const { outcome, detail } = await processesAreNew(deps, ref);
  if (outcome === 'failed') throw needsDecision(detail);
}
