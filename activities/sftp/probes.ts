import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { acceptedBy, type Prober, refusedAt } from '../shared/probes.js';
import type { SftpDeps } from './activities.js';
import { tryKey } from './client.js';
import { loginWith } from './standing.js';

/** How the server is asked about a key: for people. */
const question = {
  name: 'the SFTP server',
  request: 'a new connection with this key alone',
  welcome: 'by letting it in',
  refusal: 'by turning it away',
} as const satisfies Partial<Prober>;

export async function acceptsKey(deps: SftpDeps, ref: VersionRef): Promise<Finding> {
  return acceptedBy(await proberOf(deps, ref), deps.store, ref);
}

/** A key that is turned away counts as an attack with some servers: it is asked once a round, and once at all where nothing has to settle. */
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
