import type { z } from 'zod';
import type { SecretRef } from '../../src/config/secret-ref.js';
import { durationMs } from '../../src/domain/duration.js';
import type { ProcedureDescriptor } from '../../src/domain/procedure.js';
import type { DocumentEngine } from './account.js';
import type { DocumentEngineConnection, SecretType } from './client.js';

const types: readonly SecretType[] = ['jwt', 'dashboard_password', 'secret_key_base'];

/** An engine as a procedure uses it. `secret` resolves a reference, at each use. */
export function connectionOf(
  { url, apiToken, jwt, dashboardUsername, deployment }: z.infer<typeof DocumentEngine>,
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
    jwt: {
      algorithm,
      tokenLifetimeMs: durationMs(tokenLifetime),
      signer: signer
        ? {
            url: signer.url,
            authorization: authorization ? () => secret(authorization) : null,
            settlingMs: durationMs(signer.settling),
          }
        : null,
    },
    envFile: deployment.envFile ?? null,
    replaceSecretsFromEnv: deployment.replaceSecretsFromEnv ?? null,
  };
}
