import type { IssuingActivities } from '../../../activities/kit/issuing.js';
import type { Entry, Secrets } from '../../../activities/kit/provider.js';
import { openai as provider } from '../../../activities/openai/provider.js';
import { endpoints } from '../../../activities/openai/requests.js';
import { type OpenAiLab, type OpenAiLabOptions, startOpenAiLab } from '../../../src/lab/openai/server.js';
import { openAiApiKey } from '../../../workflows/procedures/openai-api-key.js';
import type { IssuingFixture } from '../../contracts/issuing.js';
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
  readonly entry: () => Entry;
  readonly secret: Secrets;
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
  const entry = (): Entry => ({ section: section(), engine: {}, procedure: openAiApiKey });
  const secret: Secrets = async () => account.adminKey;
  return { lab, openai: provider.activities({ store, secret, entry }), account, entry, secret };
}

/** A path of the lab for a fault. */
export function labPath({ path }: { readonly path: string }): string {
  return `/v1${path}`;
}

export async function openAiProvider(bench: Bench, options: OpenAiLabOptions): Promise<IssuingFixture> {
  const { lab, openai: activities, account, entry, secret } = await startOpenAiFixture(bench, options);
  const { create, accepts, remove: destroy, refuses } = activities;
  const admins = { valid: lab.adminKey, wrong: `wrong-${lab.adminKey}`, powerless: lab.readOnlyAdminKey };
  return {
    ...{ lab, provider, activities, entry, secret, base: '/v1', list: 'listed', lost: 'deleted' },
    verbs: { create, accepts, destroy, refuses },
    creates: { method: 'POST', path: labPath(endpoints.createAccount) },
    destroys: { method: 'DELETE', path: labPath(endpoints.deleteKey) },
    useAdmin: (which) => void (account.adminKey = admins[which]),
    working: () => lab.keys().flatMap(({ value }) => (lab.works(value) ? [value] : [])),
    secrets: () => [...Object.values(admins), ...lab.keys().map(({ value }) => value)],
    createByHand: () => ({ key: lab.createUserKey('by hand').value }),
    kill: ({ key }) => lab.killKey(lab.keys().find(({ value }) => value === key)?.id ?? ''),
    use: ({ key = '' }) => fetch(`${lab.baseUrl}/models`, { headers: { authorization: `Bearer ${key}` } }),
    twins({ key = '' }) {
      const twin = { redacted_value: `${key.slice(0, 8)}...${key.slice(-4)}`, last_used_at: null, owner: {} };
      const body = JSON.stringify({ data: ['key_one', 'key_two'].map((id) => ({ id, ...twin })), has_more: false });
      lab.faults.add({ method: 'GET', path: labPath(endpoints.listKeys), kind: { status: 200, body } });
    },
  };
}
