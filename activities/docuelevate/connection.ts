import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { recordFinding } from '../shared/evidence.js';
import type { DocuElevateDeps } from './activities.js';
import { DocuElevateClient } from './client.js';

export interface ConnectionTest {
  readonly version: VersionRef;
  /** The service's name in the path of the engine's test. */
  readonly service: 'azure';
}

/** The engine answers a failure with 200 as well, and its message may hold the value: only the status field is read. */
export async function testConnection(
  { store, sessions, engine }: DocuElevateDeps,
  { version, service }: ConnectionTest,
): Promise<Finding> {
  const client = new DocuElevateClient(sessions.of(await engine(version.credential)));
  const succeeded = await client.testConnection(service);
  const detail = `GET /api/${service}/test answered ${succeeded ? 'success' : 'error'}`;
  return recordFinding(store, version, { kind: 'connection', outcome: succeeded ? 'proved' : 'failed', detail });
}
