import { durationMs } from '../../src/domain/duration.js';
import { usageDataOf } from '../../src/fields/usage.js';
import { defineProvider } from '../kit/provider.js';
import { OpenAiAccount, openAiIdentity } from './account.js';
import { createOpenAiActivities } from './activities.js';
import { openAiListing } from './listing.js';
import { openAiRequests } from './requests.js';

export const openai = defineProvider({
  system: 'openai',
  name: 'OpenAI',
  section: OpenAiAccount,
  identity: openAiIdentity,
  addresses: ({ baseUrl }) => ({ openai: baseUrl }),
  usage: usageDataOf,
  shown: [{ field: 'baseUrl', setting: 'openai_base_url' }],
  connect: ({ adminKey, project, baseUrl, propagation, usageResolution, keyLifetime, keyScopes = [] }, secret) => ({
    ...{ project, baseUrl, keyScopes, adminKey: () => secret(adminKey) },
    keyLifetimeMs: keyLifetime === undefined ? null : durationMs(keyLifetime),
    ...{ propagationMs: durationMs(propagation), usageResolutionMs: durationMs(usageResolution) },
  }),
  activities: createOpenAiActivities,
  requests: openAiRequests,
  listing: openAiListing,
});
