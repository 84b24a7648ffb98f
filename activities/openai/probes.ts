import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { acceptedBy, type Prober, refusedAt } from '../shared/probes.js';
import type { OpenAiDeps } from './activities.js';
import { OpenAiClient } from './client.js';

/** How to ask OpenAI about a key. */
export const question = {
  name: 'OpenAI',
  request: 'GET /models',
  refusal: '401 invalid_api_key',
} as const satisfies Partial<Prober>;

export async function acceptsKey(deps: OpenAiDeps, ref: VersionRef): Promise<Finding> {
  return acceptedBy(await proberOf(deps, ref), deps.store, ref);
}

export async function refusesKey(deps: OpenAiDeps, ref: VersionRef): Promise<Finding> {
  return refusedAt(await proberOf(deps, ref), deps.store, ref);
}

async function proberOf({ account }: OpenAiDeps, { credential }: VersionRef): Promise<Prober> {
  const connection = await account(credential);
  const client = new OpenAiClient(connection);
  const { propagationMs } = connection;
  return { ...question, propagationMs, ask: ({ key = '' }) => client.tryKey(key) };
}
