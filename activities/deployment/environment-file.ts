import type { VersionRef } from '../../src/domain/version.js';
import type { DeliveryDeps } from '../delivery/activities.js';
import * as delivery from '../delivery/deliveries.js';
import { contentOf } from '../delivery/files.js';
import { whyFixed } from '../delivery/fixed.js';
import { receiptKey } from '../delivery/status.js';
import type { EnvFileTarget } from '../delivery/target.js';
import { connect, openEngine, settingsFedBy, valuesOf } from '../docuelevate/engine.js';
import { permanent } from '../shared/failures.js';
import type { DeploymentDeps } from './activities.js';
import { noteRestartDue, restartDueAt } from './due.js';

/** Writes the version's values into the engine's environment file. No process uses them before its next start. */
export async function writeEnvironment(deps: DeploymentDeps, ref: VersionRef): Promise<void> {
  await valuesOf(await openEngine(deps, ref), ref); // refuses what the engine could not take
  const { into, names, targets } = await environmentOf(deps, ref);
  await requireFile(targets);
  await deps.store.note(ref, { engine: 'maybe' });
  await delivery.deliver(into, ref);
  await noteRestartDue(deps, ref, `${names} got the value of version ${ref.number}`);
}

/** Puts back what stood in the environment file before the version, unless somebody has changed it since. */
export async function restoreEnvironment(deps: DeploymentDeps, ref: VersionRef): Promise<void> {
  const { into, names, targets } = await environmentOf(deps, ref);
  const { receipts } = await deps.store.read(ref);
  if (!targets.some((target) => receipts[receiptKey(target)] !== undefined)) return; // nothing was written
  const isWritten = (await isInFile(deps, ref)) || (await restartDueAt(deps.store, ref)) !== null;
  if (isWritten) await deps.store.note(ref, { engine: 'maybe' }); // processes keep it until their next start
  await delivery.restore(into, ref);
  if (!isWritten) return deps.store.note(ref, { engine: 'no' });
  await noteRestartDue(deps, ref, `${names} got back what stood there before version ${ref.number}`);
}

/** Deletes what was kept beside the environment file from before the version. */
export async function forgetEarlier(deps: DeploymentDeps, ref: VersionRef): Promise<void> {
  await delivery.forgetEarlier((await environmentOf(deps, ref)).into, ref);
}

/** Whether the environment file holds the version's values. */
export async function isInFile(deps: DeploymentDeps, ref: VersionRef): Promise<boolean> {
  return (await delivery.sightOf((await environmentOf(deps, ref)).into, ref)).outcome === 'proved';
}

/** Before anything is noted as begun: a file that is not there or cannot be replaced is nothing to undo. */
async function requireFile(targets: readonly EnvFileTarget[]): Promise<void> {
  for (const envFile of new Set(targets.map((target) => target.envFile))) {
    const why = await whyFixed(envFile);
    if (why !== null) throw permanent('Rejected', `${envFile} ${why}`);
    if ((await contentOf(envFile)) === null)
      throw permanent(
        'Rejected',
        `${envFile} is not on this machine: name the file beside the compose file, as it lies here`,
      );
  }
}

interface Environment {
  readonly into: DeliveryDeps;
  readonly targets: readonly (EnvFileTarget & { readonly part: string })[];
  /** The variables, for people. */
  readonly names: string;
}

/** The variables of a version's settings in the engine's environment file, as places of delivery. */
export async function environmentOf(deps: DeploymentDeps, ref: VersionRef): Promise<Environment> {
  const { store, environment } = deps;
  const { envFile, engine } = deps.deployment(ref.credential);
  if (envFile === null)
    throw permanent('Rejected', `where ${engine} has its environment file is not known: set deployment.envFile`);
  const { connection } = await connect(deps, ref.credential);
  const settings = settingsFedBy(await store.read(ref), connection);
  const targets = Object.entries(settings).map(([key, part]) => ({ envFile, variable: variableOf(key), part }));
  return {
    into: { store, environment, deliveries: () => ({ targets, part: '', feedsEngine: false }) },
    targets,
    names: targets.map(({ variable }) => variable).join(' and '),
  };
}

/** The environment variable that DocuElevate reads a setting from. */
export function variableOf(key: string): string {
  return key.toUpperCase();
}
