import { usageDataOf } from '../../src/fields/usage.js';
import { defineIssuing } from '../kit/issuing.js';
import { openAiAccount } from './account.js';
import { OpenAiClient } from './client.js';
import { requests } from './requests.js';
import { OpenAiSection } from './section.js';

export const openai = defineIssuing({
  ...{ system: 'openai', name: 'OpenAI', section: OpenAiSection },
  identity: ({ baseUrl, project }) => `${baseUrl} ${project}`,
  addresses: ({ baseUrl }) => ({ openai: baseUrl }),
  usage: usageDataOf,
  shown: [{ field: 'baseUrl', setting: 'openai_base_url' }],
  question: { request: 'GET /models', refusal: '401 invalid_api_key' },
  recovers: 'label',
  requests,
  open: (section, secret) => openAiAccount(new OpenAiClient(section, () => secret(section.adminKey))),
});
