import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Version } from '../../src/store/records.js';
import { holderOf } from '../delivery/status.js';
import { placeOf } from '../delivery/places.js';
import { runCommand } from '../delivery/run-command.js';
import { openEngine, whyOverridden } from '../docuelevate/engine.js';
import { permanent } from '../shared/failures.js';
import { requireFence } from '../shared/fencing.js';
import { scope } from '../shared/scope.js';
import type { Deployment, DeploymentDeps } from './activities.js';
import { type KnownRestart, restartDueAt, restartSince } from './due.js';
import { gather } from './gather.js';
import { environmentOf, isInFile } from './environment-file.js';
import { formerAmong } from '../shared/former.js';
import { dirname } from 'node:path';
import { seenDown } from './outage.js';
import { judge, watch } from './watch.js';

/**
 * Longest run of the restart command. Containers get 10 seconds to stop unless the compose file says more, a worker may finish its task
 * first, and a slow machine creates one in half a minute.
 */
export const commandMs = 5 * 60_000;

/**
 * Restarts the engine's processes, and waits until API and workers are up. Does nothing where a successful restart began after the last
 * change that needs one, so that several rotations at a time share a restart. After an interruption the outcome is unknown, so the
 * command runs again.
 */
export async function restart(deps: DeploymentDeps, ref: VersionRef): Promise<void> {
  const deployment = deps.deployment(ref.credential);
  const { engine, restart: command } = deployment;
  if (command === null) throw permanent('Rejected', `how to restart ${engine} is not known: set deployment.restart`);
  await deps.turns.take(engine, () => restartOnce({ deps, deployment, ref }, command));
}

interface Restarting {
  readonly deps: DeploymentDeps;
  readonly deployment: Deployment;
  readonly ref: VersionRef;
}

async function restartOnce(restarting: Restarting, command: readonly string[]): Promise<void> {
  const { deps, deployment, ref } = restarting;
  const due = await restartDueAt(deps.store, ref);
  if (due === null) return; // nothing was changed that a restart would bring into use
  await gather(deps, deployment, ref);
  const known = await restartSince(deps.store, deployment, due);
  if (known) await share(deps, ref, known);
  if (!known?.processes) await lookAfter(restarting, known ?? (await perform(restarting, command)));
  await noteUse(deps, ref);
}

/** What another rotation's restart has shown holds for this version as well. */
async function share({ store }: DeploymentDeps, ref: VersionRef, known: KnownRestart): Promise<void> {
  const { writer } = scope();
  for (const { at, ...finding } of [known.restarted, ...(known.processes ? [known.processes] : [])])
    await store.prove(ref, finding, { writer, at });
}

interface Performed {
  readonly restarted: { readonly at: number };
  /** The API was seen to answer nothing meanwhile. */
  readonly down?: boolean;
}

async function perform({ deps, deployment, ref }: Restarting, command: readonly string[]): Promise<Performed> {
  const { store, environment } = deps;
  const { client } = await openEngine(deps, ref);
  const folder = deployment.envFile === null ? {} : { folder: dirname(deployment.envFile) };
  await requireFence(store, ref);
  const at = Date.now();
  const down = await seenDown(client, () => runCommand(command, environment, { ...folder, deadlineMs: commandMs }));
  const { writer } = scope();
  const detail = 'the restart command ended with exit code 0';
  await store.prove(ref, { kind: 'restarted', outcome: 'proved', detail }, { writer, at });
  return { restarted: { at }, down };
}

/** Waits until the engine is up, and records what shows that its processes are new. */
async function lookAfter({ deps, ref }: Restarting, { restarted, down }: Performed): Promise<void> {
  const engine = await openEngine(deps, ref);
  const forward = await isInFile(deps, ref);
  const watching = { engine, ref, since: restarted.at, until: Date.now() + deps.upWithinMs, down: down === true };
  const seen = await watch({ ...watching, forward });
  const finding: Finding = { kind: 'processes', ...judge(seen, { wholly: down !== undefined }) };
  await deps.store.prove(ref, finding);
}

/** After a restart the engine uses what the environment file holds. */
export async function noteUse(deps: DeploymentDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  if (await isInFile(deps, ref)) return store.note(ref, { engine: 'yes' });
  if ((await store.read(ref)).engine !== 'maybe') return;
  await store.note(ref, { engine: 'no' });
  const holder = await holderInUse(deps, ref);
  if (holder) await store.note({ ...ref, number: holder.number }, { engine: 'yes' });
}

/** The version before, whose row is there again, or the one that the environment file has. */
async function holderInUse(deps: DeploymentDeps, ref: VersionRef): Promise<Version | null> {
  const { store } = deps;
  if ((await whyOverridden(await openEngine(deps, ref))) !== null)
    return formerAmong(await store.versions(ref.credential), ref) ?? null;
  const [target] = (await environmentOf(deps, ref)).targets;
  const place = target ? placeOf(target) : null;
  return place && holderOf(store, ref.credential, place);
}
