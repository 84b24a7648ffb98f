import { request } from 'undici';
import { openAiApiKey } from '../../../workflows/procedures/openai-api-key.js';
import type { Duration } from '../../domain/duration.js';
import type { EnvironmentOptions } from '../docuelevate/environment.js';
import { type OpenAiLab, type OpenAiLabOptions, startOpenAiLab } from '../openai/server.js';
import { labOf } from '../provider-lab.js';
import type { ScenarioOptions } from '../scenario.js';

export interface OpenAiScenarioOptions
  extends ScenarioOptions, OpenAiLabOptions, Pick<EnvironmentOptions, 'database' | 'adminPassword'> {
  /** What the configuration says about the lab's resolution. Default: 0 seconds, since the lab records every use. */
  readonly usageResolution?: Duration;
  /** A running lab. The key is created in its project, beside those of another scenario. */
  readonly openai?: OpenAiLab;
}

/** DocuElevate with an OpenAI key that somebody created by hand, the only key of its service account. */
export const openAiLab = labOf<OpenAiLab, OpenAiScenarioOptions>({
  procedure: openAiApiKey,
  name: 'openai',
  start: async (options) => options.openai ?? startOpenAiLab(options),
  adopt: (openai) => ({ key: openai.createServiceAccount('documents').keys[0]?.value ?? '' }),
  engine: ({ baseUrl }, { key = '' }) => ({ openAiBaseUrl: baseUrl, openAiKey: key }),
  use: 'ai',
  entry: ({ project, baseUrl }, { usageResolution = '0 seconds' }) => ({
    // the lab accepts new keys and refuses deleted ones at once
    provider: { adminKey: { file: './openai-admin' }, project, baseUrl, propagation: '0 seconds', usageResolution },
  }),
  secretFiles: ({ adminKey }) => ({ 'openai-admin': adminKey }),
  enginesOwn: ({ path }) => /^\/v1\/(chat\/completions|embeddings)$/.test(path),
  declared: (path) => ({ path: path.replace(/^\/v1/, '') }),
  secrets: (openai) => openai.keys().map(({ value }) => value),
  async abuse({ baseUrl }, { key = '' }) {
    const { statusCode, body } = await request(`${baseUrl}/models`, { headers: { authorization: `Bearer ${key}` } });
    await body.dump();
    return statusCode === 200;
  },
  /** A person's own key, and a service account whose name could be ours. */
  populate(openai) {
    const { value: key } = openai.createUserKey('a person');
    const [alike] = openai.createServiceAccount('keyturn-openai').keys;
    return { own: { key }, values: [key, alike?.value ?? ''] };
  },
  issued: (openai) =>
    openai.keys().map(({ value, name, accountName, deleted }) => ({
      ...{ value, label: name.startsWith('keyturn-') ? name : accountName, alive: !deleted },
    })),
  kill: (openai, { key }) => openai.killKey(openai.keys().find(({ value }) => value === key)?.id ?? ''),
  failFor: (openai, fails) => openai.failFor(fails),
  falseSuccess: () => ({
    body: () => JSON.stringify({ object: 'organization.project.api_key.deleted', id: 'any', deleted: true }),
    probe: '/v1/models',
  }),
});

export const startOpenAiApiKey = openAiLab.start;
