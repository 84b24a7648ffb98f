import { request } from 'undici';
import type { DocuElevateLab } from '../docuelevate/server.js';
import { docuElevateFor } from '../docuelevate/shared.js';
import type { Duration } from '../../domain/duration.js';
import type { EnvironmentOptions } from '../docuelevate/environment.js';
import { type OpenAiLab, type OpenAiLabOptions, startOpenAiLab } from '../openai/server.js';
import type { Received, Scenario, ScenarioOptions } from '../scenario.js';

export interface OpenAiScenarioOptions
  extends ScenarioOptions, OpenAiLabOptions, Pick<EnvironmentOptions, 'database' | 'adminPassword'> {
  /** What the configuration says about the lab's resolution. Default: 0 seconds, since the lab records every use. */
  readonly usageResolution?: Duration;
  /** A running lab. The key is created in its project, beside those of another scenario. */
  readonly openai?: OpenAiLab;
}

/** DocuElevate with an OpenAI key that somebody created by hand, the only key of its service account. */
export async function startOpenAiApiKey(options: OpenAiScenarioOptions = {}): Promise<Scenario> {
  const openai = options.openai ?? (await startOpenAiLab(options));
  const [byHand] = openai.createServiceAccount('documents').keys;
  if (!byHand) throw new Error('the lab made no key');
  const docuelevate = await docuElevateFor({ ...options, openAiBaseUrl: openai.baseUrl, openAiKey: byHand.value });
  const values = () => openai.keys().map(({ value }) => value);
  return {
    systems: { docuelevate, openai },
    credential: 'openai',
    config: configOf({ ...options, docuelevate, openai }),
    secretFiles: { 'docuelevate-admin': docuelevate.adminPassword, 'openai-admin': openai.adminKey },
    adopted: { key: byHand.value },
    consume: () => docuelevate.useAi(),
    abuse: () => mayListModels(openai.baseUrl, byHand.value),
    engineHolds: () => docuelevate.workerHolds('openai_api_key'),
    working: () => values().filter((value) => openai.works(value)),
    received: () => receivedBy({ docuelevate, openai }),
    secrets: () => [docuelevate.adminPassword, docuelevate.apiToken, openai.adminKey, ...values()],
    stop: async () => {
      await Promise.all([docuelevate.stop(), openai.stop()]);
    },
  };
}

async function mayListModels(baseUrl: string, key: string): Promise<boolean> {
  const { statusCode, body } = await request(`${baseUrl}/models`, { headers: { authorization: `Bearer ${key}` } });
  await body.dump();
  return statusCode === 200;
}

/** Paths of requests that the engine makes for documents and for the consumer. */
const enginesOwn = ['/chat/completions', '/embeddings'];

function receivedBy({ docuelevate, openai }: { docuelevate: DocuElevateLab; openai: OpenAiLab }): Received[] {
  const provider = openai.requests.map((request) => ({
    ...request,
    system: 'openai',
    path: request.path.replace(/^\/v1/, ''),
  }));
  const engine = docuelevate.requests.map((request) => ({ ...request, system: 'docuelevate' }));
  return [...provider.filter(({ path }) => !enginesOwn.includes(path)), ...engine].sort((a, b) => a.at - b.at);
}

interface Configured extends Pick<OpenAiScenarioOptions, 'usageResolution'> {
  readonly docuelevate: DocuElevateLab;
  readonly openai: OpenAiLab;
}

function configOf({ docuelevate, openai, usageResolution = '0 seconds' }: Configured): Scenario['config'] {
  const { url, adminUsername: username } = docuelevate;
  const { project, baseUrl } = openai;
  const at = { adminKey: { file: './openai-admin' }, project, baseUrl };
  // the lab accepts new keys and refuses deleted ones at once
  const provider = { ...at, propagation: '0 seconds', usageResolution };
  return {
    engines: { docs: { kind: 'docuelevate', url, admin: { username, password: { file: './docuelevate-admin' } } } },
    credentials: { openai: { procedure: 'openai-api-key', engine: 'docs', provider } },
  };
}
