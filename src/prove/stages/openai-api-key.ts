import { fastClock } from '../../lab/clock.js';
import type { DocuElevateLab } from '../../lab/docuelevate/server.js';
import type { OpenAiLab } from '../../lab/openai/server.js';
import type { Scenario } from '../../lab/scenario.js';
import { delivered } from '../../lab/scenarios/delivered.js';
import { type OpenAiScenarioOptions, startOpenAiApiKey } from '../../lab/scenarios/openai-api-key.js';
import type { LabServer } from '../../lab/server.js';
import { letterAbout, once } from '../letters.js';
import type { Documents, Stage } from '../stage.js';

const oneDayMs = 86_400_000;

/** The scenario, with a person's own key and a service account whose name could be ours. */
export function stageOpenAiApiKey(): Promise<Stage> {
  return stageOf((scenario) => scenario);
}

/** The same with another program that uses the key. */
export function stageOpenAiApiKeyDelivered(): Promise<Stage> {
  return stageOf(delivered);
}

/** The same on PostgreSQL, which gives no id out again and deletes no document. */
export function stageOpenAiApiKeyOnPostgresql(): Promise<Stage> {
  return stageOf((scenario) => scenario, { database: 'postgresql' });
}

/** The same where OpenAI notes the first use in a quarter of an hour alone, as AWS does. */
export function stageOpenAiApiKeyInBuckets(): Promise<Stage> {
  return stageOf((scenario) => scenario, { usageResolutionMs: 900_000, usageResolution: '1 second' });
}

async function stageOf(
  furnish: (scenario: Scenario) => Scenario | Promise<Scenario>,
  behavior: OpenAiScenarioOptions = {},
): Promise<Stage> {
  const base = fastClock(1000); // OpenAI tells times in whole seconds
  let skewMs = 0;
  const options = { clock: () => base() + skewMs, settlingMs: -oneDayMs, ...behavior }; // a clock that is put back makes no key unborn
  const scenario = await furnish(await startOpenAiApiKey(options));
  const { openai, docuelevate } = scenario.systems;
  if (!isOpenAi(openai) || !isDocuElevate(docuelevate))
    throw new Error('the scenario has other systems than this stage');
  const own = openai.createUserKey('a person');
  const foreign = [own.value, ...openai.createServiceAccount('keyturn-openai').keys.map(({ value }) => value)];
  const adopted = scenario.adopted['key'] ?? '';
  return {
    scenario,
    systems: [openai, docuelevate],
    documents: documentsOf(docuelevate, openai),
    issued: () =>
      openai.keys().map(({ value, name, accountName, deleted }) => ({
        ...{
          value,
          label: name.startsWith('keyturn-') ? name : accountName,
          alive: !deleted,
          foreign: foreign.includes(value),
        },
      })),
    edit: (to) => docuelevate.editSetting('openai_api_key', to === 'own' ? own.value : adopted, 'a person'),
    killAdopted: () => openai.killKey(openai.keys().find(({ value }) => value === adopted)?.id ?? ''),
    hollow: {
      body: () => JSON.stringify({ object: 'organization.project.api_key.deleted', id: 'any', deleted: true }),
      probe: '/v1/models',
    },
    skew: (ms) => void (skewMs += ms),
  };
}

function documentsOf(lab: DocuElevateLab, openai: OpenAiLab): Documents {
  const valueOf = (key: string): string => openai.keys().find(({ id }) => id === key)?.value ?? '';
  return {
    ...{ lab, step: 'extract_metadata_with_gpt', write: letterAbout, failsEarlier: false },
    taken: (text) =>
      openai
        .inferences()
        .filter(({ asked, status }) => status === 200 && asked.includes(text))
        .map(({ key, at }) => ({ value: valueOf(key), at })),
    failOne: (text) => openai.failFor(once(text)),
  };
}

function isOpenAi(server: LabServer | undefined): server is OpenAiLab {
  return server !== undefined && 'killKey' in server;
}

function isDocuElevate(server: LabServer | undefined): server is DocuElevateLab {
  return server !== undefined && 'editSetting' in server;
}
