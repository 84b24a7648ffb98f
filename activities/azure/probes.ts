import { setTimeout as delay } from 'node:timers/promises';
import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { reporting } from '../shared/evidence.js';
import { acceptedBy, askUntil, type Prober, refusedAt } from '../shared/probes.js';
import { scope } from '../shared/scope.js';
import { anotherRound } from '../shared/propagation.js';
import type { AzureDeps } from './activities.js';
import { AzureClient, type AzureConnection } from './client.js';

const question = {
  name: 'Azure',
  request: 'GET /documentintelligence/info',
  refusal: '401 Access denied',
} as const satisfies Partial<Prober>;

/** Between two requests, in milliseconds. */
const pauseMs = 1200; // the free tier answers one call a second

/** Whether the data plane accepts the version's key. Refusals of a young key are retried. */
export async function acceptsKey(deps: AzureDeps, ref: VersionRef): Promise<Finding> {
  return acceptedBy(proberOf(await deps.account(ref.credential)), deps.store, ref);
}

/**
 * Whether the data plane refuses the version's key, asked over the whole propagation delay. Of a leaked version the key beside it has to be
 * refused as well: who could read one key of the account could read the other.
 */
export async function refusesKey(deps: AzureDeps, ref: VersionRef): Promise<Finding> {
  const { store } = deps;
  const prober = proberOf(await deps.account(ref.credential));
  const { propagationMs } = prober;
  if (!(await isLetInBeside(prober, store, ref))) return refusedAt(prober, store, ref);
  const detail = 'Azure still accepts the key beside it';
  if (scope().waitedMs < 2 * propagationMs) throw anotherRound(`${detail}; asked again`, propagationMs);
  return reporting(store, ref, 'refused')('failed', detail);
}

async function isLetInBeside(prober: Prober, store: Store, ref: VersionRef): Promise<boolean> {
  const { compromised, parts } = await store.read(ref);
  if (!compromised || parts.length === 0) return false;
  const { key, ...others } = await store.unseal(ref);
  for (const other of new Set(Object.values(others).filter((value) => value !== key))) {
    if ((await askUntil('accepted', prober, { key: other })).verdict !== 'refused') return true;
    await delay(Math.min(pauseMs, prober.propagationMs / 4)); // as between any two questions
  }
  return false;
}

export function proberOf(connection: AzureConnection): Prober {
  const client = new AzureClient(connection);
  const { propagationMs } = connection;
  return { ...question, propagationMs, pauseMs, ask: ({ key = '' }) => client.tryKey(key) };
}
