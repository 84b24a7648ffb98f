import type { ProcedureDescriptor } from '../src/domain/procedure.js';
import type { RequestTemplate } from '../src/domain/requests.js';
import type { RotationPolicy } from '../src/domain/rotation.js';
import { deploymentRequests } from './deployment/requests.js';
import { docuElevateRequests, environmentRequests } from './docuelevate/requests.js';
import { providers } from './providers.js';

const bySystem: Readonly<Record<string, Readonly<Record<string, readonly RequestTemplate[]>>>> = {
  ...Object.fromEntries(Object.values(providers).map(({ system, requests }) => [system, requests])),
  docuelevate: docuElevateRequests,
  deployment: deploymentRequests,
};

const inEnvironment: Readonly<Record<string, readonly RequestTemplate[]>> = Object.fromEntries(
  Object.entries(environmentRequests).map(([verb, requests]) => [`docuelevate.${verb}`, requests]),
);

/** The requests an activity makes for a procedure, by its registered name. Activities that use only our own store make none. */
export function requestsOf(
  activity: string,
  { settings }: Pick<ProcedureDescriptor, 'settings'>,
  { environment }: Pick<RotationPolicy, 'environment'> = {},
): readonly RequestTemplate[] {
  const [system = '', verb = ''] = activity.split('.');
  const known = (environment && inEnvironment[activity]) ?? bySystem[system]?.[verb] ?? [];
  return known.flatMap(({ setting, ...request }) => (setting === undefined || setting in settings ? [request] : []));
}
