import { stat } from 'node:fs/promises';
import { checkProgram } from '../delivery/access.js';
import { contentOf } from '../delivery/files.js';
import { whyFixed } from '../delivery/fixed.js';
import { placeOf } from '../delivery/places.js';
import { type AccessCheck, accessCheck, type Warning } from '../shared/access.js';
import { permanent } from '../shared/failures.js';
import type { DeploymentDeps } from './activities.js';
import { unnamedServices } from './command.js';
import { environmentOf } from './environment-file.js';

/** The checks of `keyturn check` on how an engine is run, made once for all its credentials. Changes nothing. */
export async function checkEngine(deps: DeploymentDeps, credential: string): Promise<AccessCheck[]> {
  const { envFile, restart } = deps.deployment(credential);
  const [program] = restart ?? [];
  return Promise.all([
    ...(envFile === null ? [] : [accessCheck(`environment file ${envFile}`, () => describe(envFile))]),
    ...(program === undefined ? [] : [checkProgram(program, deps.environment('PATH') ?? '')]),
    ...(restart === null ? [] : [accessCheck('restart command', async () => describeCommand(restart))]),
  ]);
}

async function describe(envFile: string): Promise<string | Warning> {
  const why = await whyFixed(envFile);
  if (why !== null) throw permanent('Rejected', why);
  if ((await contentOf(envFile)) === null)
    throw permanent('Rejected', 'is not on this machine: name the file beside the compose file, as it lies here');
  const { mode } = await stat(envFile);
  return (mode & 0o004) === 0
    ? 'can be replaced'
    : { warning: 'can be replaced; everybody on this machine can read it: chmod 600' };
}

function describeCommand(command: readonly string[]): string | Warning {
  const left = unnamedServices(command);
  if (left.length === 0) return 'does not keep the old environment';
  return {
    warning: `does not name ${left.join(' and ')}: whatever is not recreated keeps the old environment, unless its services have other names`,
  };
}

/** Warns where the environment file holds another value than the one in force, which an engine may bring back into use. */
export async function checkAccess(deps: DeploymentDeps, credential: string): Promise<AccessCheck[]> {
  const { store } = deps;
  const { envFile } = deps.deployment(credential);
  const current = (await store.versions(credential)).find(({ state }) => state === 'current');
  if (envFile === null || !current) return [];
  const values = await store.unseal(current);
  const { targets } = await environmentOf(deps, current);
  const { inEnvironment = false } = await deps.engine(credential);
  return Promise.all(
    targets.map(({ variable, part }) =>
      accessCheck(`${variable} in ${envFile}`, async () => {
        const held = await placeOf({ envFile, variable })?.value();
        if (held === null || held === undefined) return 'is not set';
        if (held === values[part]) return 'holds the value in force';
        const [of] = (await store.identify(held)).filter((version) => version.credential === credential);
        const whose = of ? `the value of version ${of.number}` : 'another value than the one in force';
        const cure = inEnvironment ? `keyturn reconcile ${credential}` : cureOf(envFile, variable);
        return { warning: `holds ${whose}. ${inEnvironment ? atStart : trap}: ${cure}` };
      }),
    ),
  );
}

const atStart = 'A process of DocuElevate that starts uses it';
const trap =
  'A worker that starts while Redis is empty (after a reboot of its host, for instance) uses it, and so does every process once the database has no such setting';

function cureOf(envFile: string, variable: string): string {
  return `write the value in force there, and let each rotation do so with deliver: [{ envFile: ${envFile}, variable: ${variable} }]`;
}
