import { z } from 'zod';
import { durationMs } from '../../src/domain/duration.js';
import type { ProcedureDescriptor } from '../../src/domain/procedure.js';
import { DurationText, FilePath, HttpUrl } from '../../src/fields/fields.js';
import { SecretRef } from '../../src/fields/secret-ref.js';
import type { DocumentEngineConnection, SecretType } from './client.js';

const Signer = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'not an address; write for example https://app.example.com/viewer-token' })
    .describe('An address of the signing application that answers GET with a fresh token anywhere in its text.'),
  authorization: SecretRef.optional().describe('Value of the Authorization header that it requires.'),
  propagation: DurationText.prefault('60 seconds').describe(
    'Propagation delay: how long the application may take to sign with another key.',
  ),
});

/** The entry of a Document Engine under `engines`. */
export const DocumentEngine = z
  .strictObject({
    kind: z.literal('document-engine'),
    url: HttpUrl.describe('Address of Document Engine.'),
    apiToken: SecretRef.describe('Its API_AUTH_TOKEN.'),
    jwt: z
      .strictObject({
        algorithm: z.enum(['RS256', 'RS512', 'ES256', 'ES512']).default('RS256').describe('Its JWT_ALGORITHM.'),
        tokenLifetime: DurationText.prefault('1 hour').describe(
          'Lifetime of the tokens that are issued for it. No grace may be shorter.',
        ),
        signer: Signer.optional().describe(
          'How to get a token from the signing application, as proof of the key that it uses.',
        ),
      })
      .prefault({})
      .describe('How tokens are used with it.'),
    propagation: DurationText.prefault('10 seconds').describe(
      'Propagation delay: how long a changed secret may take until every node knows it. Until then nodes may disagree about a value.',
    ),
    nodes: z
      .int()
      .min(1)
      .default(1)
      .describe('Number of nodes that answer at its address. Keyturn asks on enough connections to reach all of them.'),
    dashboardUsername: z.string().min(1).default('admin').describe('Its DASHBOARD_USERNAME.'),
    deployment: z
      .strictObject({
        envFile: FilePath.optional().describe('Its .env file, which has to contain REPLACE_SECRETS_FROM_ENV=false.'),
        replaceSecretsFromEnv: z
          .boolean()
          .optional()
          .describe('The value of REPLACE_SECRETS_FROM_ENV, if its .env file is not on this machine.'),
      })
      .prefault({})
      .describe('How it is run.'),
  })
  .describe('A Nutrient Document Engine.');

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
