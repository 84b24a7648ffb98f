import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { acceptedBy, type Prober, refusedAt } from '../shared/probes.js';
import type { AzureDeps } from './activities.js';
import { AzureClient } from './client.js';

/** How Azure is asked about a key. */
export const question = {
  name: 'Azure',
  request: 'GET /documentintelligence/info',
  refusal: '401 Access denied',
} as const satisfies Partial<Prober>;

/** Between two questions, in milliseconds. */
export const pauseMs = 1200; // the free tier answers one call a second

export async function acceptsKey(deps: AzureDeps, ref: VersionRef): Promise<Finding> {
  return acceptedBy(await proberOf(deps, ref), deps.store, ref);
}

export async function refusesKey(deps: AzureDeps, ref: VersionRef): Promise<Finding> {
  return refusedAt(await proberOf(deps, ref), deps.store, ref);
}

async function proberOf({ account }: AzureDeps, { credential }: VersionRef): Promise<Prober> {
  const connection = await account(credential);
  const client = new AzureClient(connection);
  const { propagationMs } = connection;
  return { ...question, propagationMs, pauseMs, ask: ({ key = '' }) => client.tryKey(key) };
}
