import type { z } from 'zod';
import type { SecretRef } from '../../src/fields/secret-ref.js';
import { durationMs } from '../../src/domain/duration.js';
import type { ProcedureDescriptor } from '../../src/domain/procedure.js';
import type { DocumentEngine } from './account.js';
import type { DocumentEngineConnection, SecretType } from './client.js';

const types: readonly SecretType[] = ['jwt', 'dashboard_password', 'secret_key_base'];

/** An engine for one procedure. `secret` resolves a reference, at each use. */
export function connectionOf(
  { url, apiToken, jwt, dashboardUsername, deployment, ...engine }: z.infer<typeof DocumentEngine>,
  { id, settings }: ProcedureDescriptor,
  secret: (ref: SecretRef) => Promise<string>,
): DocumentEngineConnection {
  const type = types.find((each) => each in settings);
  if (!type) throw new Error(`${id} feeds no secret of Document Engine`);
  const { algorithm, tokenLifetime, signer } = jwt;
  const { authorization } = signer ?? {};
  return {
    ...{ url, type, dashboardUsername, part: settings[type] ?? '' },
    apiToken: () => secret(apiToken),
    ...nodesOf(durationMs(engine.propagation), engine.nodes),
    jwt: {
      algorithm,
      tokenLifetimeMs: durationMs(tokenLifetime),
      signer: signer
        ? {
            url: signer.url,
            authorization: authorization ? () => secret(authorization) : null,
            propagationMs: durationMs(signer.propagation),
          }
        : null,
    },
    envFile: deployment.envFile ?? null,
    replaceSecretsFromEnv: deployment.replaceSecretsFromEnv ?? null,
  };
}

const leastOfSeveral = 10; // misses one node of two once in 500 times

/** A connection meets a random node, so at least twice as many connections as nodes. */
export function nodesOf(
  propagationMs: number,
  nodes: number,
): Pick<DocumentEngineConnection, 'propagationMs' | 'connections'> {
  const connections = propagationMs === 0 ? 1 : nodes === 1 ? 3 : Math.max(leastOfSeveral, 2 * nodes);
  return { propagationMs, connections };
}
