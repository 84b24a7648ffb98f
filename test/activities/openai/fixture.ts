import { createOpenAiActivities, type OpenAiActivities } from '../../../activities/openai/activities.js';
import { endpoints } from '../../../activities/openai/requests.js';
import { type OpenAiLab, type OpenAiLabOptions, startOpenAiLab } from '../../../src/lab/openai/server.js';
import type { ProviderFixture } from '../../contracts/provider.js';
import type { Bench } from '../bench.js';

/** OpenAI's lab, and our activities pointed at it. */
export interface OpenAiFixture {
  readonly lab: OpenAiLab;
  readonly openai: OpenAiActivities;
  /** What the configuration says; change it to point elsewhere. */
  readonly account: {
    adminKey: string;
    project: string;
    propagationMs: number;
    usageResolutionMs: number;
    keyLifetimeMs: number | null;
    keyScopes: readonly string[];
  };
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
  const openai = createOpenAiActivities({
    store,
    account: async () => ({ ...account, baseUrl: lab.baseUrl, adminKey: async () => account.adminKey }),
  });
  return { lab, openai, account };
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
      create: openai.createKey,
      accepts: openai.acceptsKey,
      destroy: openai.deleteKey,
      refuses: openai.refusesKey,
    },
    lost: 'deleted',
    creates: { method: 'POST', path: labPath(endpoints.createAccount) },
    destroys: { method: 'DELETE', path: labPath(endpoints.deleteKey) },
    useAdmin: (which) => void (account.adminKey = admins[which]),
    working: () => lab.keys().flatMap(({ value }) => (lab.works(value) ? [value] : [])),
    secrets: () => [...Object.values(admins), ...lab.keys().map(({ value }) => value)],
  };
}
