import { durationMs } from '../../src/domain/duration.js';
import { defineProvider } from '../kit/provider.js';
import { AzureAccount, azureIdentity } from './account.js';
import { createAzureActivities } from './activities.js';
import { azureRequests } from './requests.js';
import { azureListing } from './survey.js';

export const azure = defineProvider({
  system: 'azure',
  name: 'Azure',
  section: AzureAccount,
  identity: azureIdentity,
  addresses: ({ login, management, endpoint }) => ({
    ...{ entra: login, azure: management, 'document-intelligence': endpoint },
  }),
  exclusive: true,
  shown: [{ field: 'endpoint', setting: 'azure_endpoint' }],
  connect: ({ clientSecret, propagation, ...connection }, secret) => ({
    ...{ ...connection, clientSecret: () => secret(clientSecret), propagationMs: durationMs(propagation) },
  }),
  activities: createAzureActivities,
  requests: azureRequests,
  listing: azureListing,
});
