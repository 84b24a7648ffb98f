import type { IssuingActivities } from '../../../activities/kit/issuing.js';
import { openai as provider } from '../../../activities/openai/provider.js';
import { endpoints } from '../../../activities/openai/requests.js';
import { type OpenAiLab, type OpenAiLabOptions, startOpenAiLab } from '../../../src/lab/openai/server.js';
import { openAiApiKey } from '../../../workflows/procedures/openai-api-key.js';
import type { ProviderFixture } from '../../contracts/provider.js';
import type { Bench } from '../bench.js';

/** OpenAI's lab, and our activities pointed at it. */
export interface OpenAiFixture {
  readonly lab: OpenAiLab;
  readonly openai: IssuingActivities;
  /** What the configuration says; change it to point elsewhere. */
  readonly account: {
    adminKey: string;
    project: string;
    propagationMs: number;
    usageResolutionMs: number;
    keyLifetimeMs: number | null;
    keyScopes: readonly string[];
  };
  /** The `provider` section of the configuration. */
  section(): object;
}

export async function startOpenAiFixture({ store }: Bench, options: OpenAiLabOptions = {}): Promise<OpenAiFixture> {
  const lab = await startOpenAiLab(options);
  const account = {
    adminKey: lab.adminKey,
    project: lab.project,
    propagationMs: options.propagationMs ?? 0,
    usageResolutionMs: 0,
    keyLifetimeMs: null as number | null,
    keyScopes: [] as readonly string[],
  };
  const seconds = (ms: number): string => `${ms / 1000} seconds`;
  const section = (): object => ({
    ...{ adminKey: { file: './admin' }, project: account.project, baseUrl: lab.baseUrl },
    ...{ propagation: seconds(account.propagationMs), usageResolution: seconds(account.usageResolutionMs) },
    ...(account.keyLifetimeMs !== null && { keyLifetime: seconds(account.keyLifetimeMs) }),
    ...(account.keyScopes.length > 0 && { keyScopes: account.keyScopes }),
  });
  const openai = provider.activities({
    store,
    secret: async () => account.adminKey,
    entry: () => ({ section: section(), engine: {}, procedure: openAiApiKey }),
  });
  return { lab, openai, account, section };
}

/** A path of the lab for a fault. */
export function labPath({ path }: { readonly path: string }): string {
  return `/v1${path}`;
}

export async function openAiProvider(bench: Bench, options: OpenAiLabOptions): Promise<ProviderFixture> {
  const { lab, openai, account } = await startOpenAiFixture(bench, options);
  const admins = { valid: lab.adminKey, wrong: `wrong-${lab.adminKey}`, powerless: lab.readOnlyAdminKey };
  return {
    lab,
    verbs: {
      create: openai.create,
      accepts: openai.accepts,
      destroy: openai.remove,
      refuses: openai.refuses,
    },
    lost: 'deleted',
    creates: { method: 'POST', path: labPath(endpoints.createAccount) },
    destroys: { method: 'DELETE', path: labPath(endpoints.deleteKey) },
    useAdmin: (which) => void (account.adminKey = admins[which]),
    working: () => lab.keys().flatMap(({ value }) => (lab.works(value) ? [value] : [])),
    secrets: () => [...Object.values(admins), ...lab.keys().map(({ value }) => value)],
  };
}
