import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { acceptedBy, type Prober, refusedAt } from '../shared/probes.js';
import type { SftpDeps } from './activities.js';
import { tryKey } from './client.js';
import { loginWith } from './context.js';

/** How to ask the server about a key. */
const question = {
  name: 'the SFTP server',
  request: 'a new SSH login with only this key',
  welcome: '"accepted"',
  refusal: '"refused"',
} as const satisfies Partial<Prober>;

export async function acceptsKey(deps: SftpDeps, ref: VersionRef): Promise<Finding> {
  return acceptedBy(await proberOf(deps, ref), deps.store, ref);
}

/** Some servers count a refused key as an attack: so one request a round, and a single one where there is no propagation delay. */
export async function refusesKey(deps: SftpDeps, ref: VersionRef): Promise<Finding> {
  return refusedAt(await proberOf(deps, ref), deps.store, ref);
}

export async function proberOf({ account }: SftpDeps, { credential }: Pick<VersionRef, 'credential'>): Promise<Prober> {
  const connection = await account(credential);
  return {
    ...{ ...question, propagationMs: connection.propagationMs, connections: 1 },
    ask: async (parts) => ({
      verdict: await tryKey(connection, loginWith(connection, parts)),
      providerTime: undefined,
    }),
  };
}
