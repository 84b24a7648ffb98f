import type { ProcedureDescriptor } from '../src/domain/procedure.js';
import type { RequestTemplate } from '../src/domain/requests.js';
import { deploymentRequests } from './deployment/requests.js';
import { docuElevateRequests } from './docuelevate/requests.js';
import { providers } from './providers.js';

const bySystem: Readonly<Record<string, Readonly<Record<string, readonly RequestTemplate[]>>>> = {
  ...Object.fromEntries(Object.values(providers).map(({ system, requests }) => [system, requests])),
  docuelevate: docuElevateRequests,
  deployment: deploymentRequests,
};

/** The requests an activity makes for a procedure, by its registered name. Activities that use only our own store make none. */
export function requestsOf(
  activity: string,
  { settings }: Pick<ProcedureDescriptor, 'settings'>,
): readonly RequestTemplate[] {
  const [system = '', verb = ''] = activity.split('.');
  return (bySystem[system]?.[verb] ?? []).flatMap(({ setting, ...request }) =>
    setting === undefined || setting in settings ? [request] : [],
  );
}
