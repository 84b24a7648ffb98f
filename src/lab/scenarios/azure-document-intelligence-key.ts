import { type AzureLab, type AzureLabOptions, startAzureLab } from '../azure/server.js';
import type { DocuElevateLab } from '../docuelevate/server.js';
import { docuElevateFor } from '../docuelevate/shared.js';
import type { EnvironmentOptions } from '../docuelevate/environment.js';
import type { Received, Scenario, ScenarioOptions } from '../scenario.js';

/** DocuElevate with Key 1 of a Document Intelligence account, which the portal offers first. Nobody uses Key 2. */
export async function startAzureDocumentIntelligenceKey(
  options: ScenarioOptions & AzureLabOptions & Pick<EnvironmentOptions, 'database'> = {},
): Promise<Scenario> {
  const azure = await startAzureLab(options);
  const key = azure.inSlot('Key1');
  const docuelevate = await docuElevateFor({ ...options, azureEndpoint: azure.url, azureKey: key });
  const values = () => azure.keys().map(({ value }) => value);
  const { app, readOnlyApp } = azure;
  return {
    systems: { docuelevate, azure },
    credential: 'azure',
    config: configOf({ docuelevate, azure }),
    secretFiles: { 'docuelevate-admin': docuelevate.adminPassword, 'azure-app': app.secret },
    adopted: { key },
    consume: () => docuelevate.useOcr(),
    engineHolds: () => docuelevate.workerHolds('azure_ai_key'),
    working: () => values().filter((value) => azure.works(value)),
    received: () => receivedBy({ docuelevate, azure }),
    secrets: () => [docuelevate.adminPassword, docuelevate.apiToken, app.secret, readOnlyApp.secret, ...values()],
    stop: async () => {
      await Promise.all([docuelevate.stop(), azure.stop()]);
    },
  };
}

/** Paths of requests that the engine makes for documents, for its own test and for the consumer. */
const enginesOwn = /\/documentintelligence\/(operations|documentModels)/;

function receivedBy({ docuelevate, azure }: { docuelevate: DocuElevateLab; azure: AzureLab }): Received[] {
  const provider = azure.requests.filter(({ path }) => !enginesOwn.test(path));
  return [
    ...provider.map((request) => ({ ...request, system: systemOf(request.path) })),
    ...docuelevate.requests.map((request) => ({ ...request, system: 'docuelevate' })),
  ].sort((a, b) => a.at - b.at);
}

/** The lab has on one address what Azure has on three. */
function systemOf(path: string): string {
  if (path.endsWith('/oauth2/v2.0/token')) return 'entra';
  return path.startsWith('/subscriptions/') ? 'azure' : 'document-intelligence';
}

function configOf({ docuelevate, azure }: { docuelevate: DocuElevateLab; azure: AzureLab }): Scenario['config'] {
  const { url, adminUsername: username } = docuelevate;
  const provider = {
    tenant: azure.tenant,
    clientId: azure.app.clientId,
    clientSecret: { file: './azure-app' },
    account: azure.account,
    endpoint: azure.url,
    login: azure.url,
    management: azure.url,
    propagation: '0 seconds', // the lab accepts new keys and refuses deleted ones at once
  };
  return {
    engines: { docs: { kind: 'docuelevate', url, admin: { username, password: { file: './docuelevate-admin' } } } },
    credentials: {
      azure: { procedure: 'azure-document-intelligence-key', engine: 'docs', provider, unseenUse: 'retire' },
    },
  };
}
