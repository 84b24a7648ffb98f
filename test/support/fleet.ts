import { type DocuElevateLab, startDocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { type OpenAiLab, startOpenAiLab } from '../../src/lab/openai/server.js';
import type { Scenario, ScenarioOptions } from '../../src/lab/scenario.js';

/** Many engines with an OpenAI key each, all in one project. */
export interface Fleet extends Scenario {
  /** The values in force at the beginning, by credential. */
  readonly values: Readonly<Record<string, string>>;
  readonly openai: OpenAiLab;
  engineOf(credential: string): DocuElevateLab;
}

/** Credentials and their engines are called `openai-0`, `openai-1` … */
export async function startFleet(size: number, options: ScenarioOptions = {}): Promise<Fleet> {
  const openai = await startOpenAiLab(options);
  const engines: Record<string, DocuElevateLab> = {};
  const values: Record<string, string> = {};
  const secretFiles: Record<string, string> = { 'openai-admin': openai.adminKey };
  for (let index = 0; index < size; index++) {
    const name = `openai-${index}`;
    const [key] = openai.createServiceAccount(name).keys;
    if (!key) throw new Error('the lab made no key');
    const engine = await startDocuElevateLab({ ...options, openAiBaseUrl: openai.baseUrl, openAiKey: key.value });
    engines[name] = engine;
    values[name] = key.value;
    secretFiles[`admin-${name}`] = engine.adminPassword;
  }
  const entries = Object.entries(engines);
  const provider = () => ({
    // a new object for each: YAML would write aliases
    ...{ adminKey: { file: './openai-admin' }, project: openai.project, baseUrl: openai.baseUrl },
    ...{ propagation: '0 seconds', usageResolution: '0 seconds' },
  });
  const works = () =>
    openai
      .keys()
      .map(({ value }) => value)
      .filter((value) => openai.works(value));
  const engineOf = (credential: string): DocuElevateLab => {
    const engine = engines[credential];
    if (!engine) throw new Error(`the fleet has no ${credential}`);
    return engine;
  };
  return {
    ...{ openai, values, engineOf, secretFiles },
    systems: { openai, ...engines },
    credential: 'openai-0',
    config: {
      engines: Object.fromEntries(
        entries.map(([name, { url, adminUsername: username }]) => {
          const admin = { username, password: { file: `./admin-${name}` } };
          return [name, { kind: 'docuelevate', url, admin }];
        }),
      ),
      credentials: Object.fromEntries(
        entries.map(([name]) => [
          name,
          { procedure: 'openai-api-key', engine: name, provider: provider(), owner: 'fleet' },
        ]),
      ),
    },
    adopted: { key: values['openai-0'] ?? '' },
    consume: () => engineOf('openai-0').use('ai'),
    engineHolds: () => engineOf('openai-0').workerHolds('openai_api_key'),
    working: works,
    received: () => [],
    secrets: () => [openai.adminKey, ...openai.keys().map(({ value }) => value)],
    async stop() {
      await Promise.all([openai.stop(), ...entries.map(([, engine]) => engine.stop())]);
    },
  };
}
