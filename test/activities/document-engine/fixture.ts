import {
  createDocumentEngineActivities,
  type DocumentEngineActivities,
} from '../../../activities/document-engine/activities.js';
import type { DocumentEngineConnection } from '../../../activities/document-engine/client.js';
import {
  type DocumentEngineLab,
  type DocumentEngineLabOptions,
  startDocumentEngineLab,
} from '../../../src/lab/document-engine/server.js';
import type { VersionRef } from '../../../src/domain/version.js';
import type { Bench } from '../bench.js';

type Changed = Omit<Partial<DocumentEngineConnection>, 'apiToken'> & { readonly apiToken?: string };

/** A connection as the configuration of a `jwt` credential makes it. */
export function connectionTo({ apiToken = '', ...changed }: Changed): DocumentEngineConnection {
  return {
    ...{ url: 'http://127.0.0.1:1', type: 'jwt', part: 'publicKey', dashboardUsername: 'admin' },
    jwt: { algorithm: 'ES256', tokenLifetimeMs: 0, signer: null },
    ...{ envFile: null, replaceSecretsFromEnv: false, propagationMs: 0, connections: 1 },
    ...changed,
    apiToken: async () => apiToken,
  };
}

/** The lab, our activities pointed at it, and its key adopted. */
export interface DocumentEngineFixture {
  readonly lab: DocumentEngineLab;
  readonly activities: DocumentEngineActivities;
  readonly old: VersionRef;
  readonly next: VersionRef;
  /** What the configuration says; assign to it to point elsewhere. */
  readonly settings: { -readonly [K in keyof Changed]: Changed[K] };
}

type Options = DocumentEngineLabOptions & { readonly type?: 'jwt' | 'dashboard_password' | 'secret_key_base' };

const parts = { jwt: 'publicKey', dashboard_password: 'password', secret_key_base: 'secret' } as const;

export async function startFixture(
  bench: Bench,
  { type = 'jwt', ...options }: Options = {},
): Promise<DocumentEngineFixture> {
  const lab = await startDocumentEngineLab({ algorithm: 'ES256', ...options });
  const settings = { url: lab.url, apiToken: lab.apiToken, type, part: parts[type] };
  const activities = createDocumentEngineActivities({
    store: bench.store,
    account: async () => connectionTo(settings),
  });
  const adopted = await bench.adopt({
    [parts[type]]: lab.environment[type],
    ...(type === 'jwt' && { privateKey: lab.privateKey }),
  });
  await bench.attempt(() => activities.identifySecret(adopted));
  const { current, next } = await bench.rotate();
  return { lab, activities, old: current!, next, settings };
}
