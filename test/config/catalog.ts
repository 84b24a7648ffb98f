import type { ProcedureDescriptor } from '../../src/domain/procedure.js';

export const openAiApiKey: ProcedureDescriptor = {
  id: 'openai-api-key',
  section: 'OpenAI API Key',
  engine: 'docuelevate',
  provider: 'openai',
  settings: { openai_api_key: 'key' },
  every: '90 days',
  overlap: 'both-valid',
  workflow: 'rotateOpenAiApiKey',
};

/** One procedure, apart from the real catalog, so that these tests are about the configuration only. */
export const catalog = [openAiApiKey];
