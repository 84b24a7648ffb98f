import { randomBytes } from 'node:crypto';
import { azureDocumentIntelligenceKey } from '../../../workflows/procedures/azure-document-intelligence-key.js';
import { type AzureLab, type AzureLabOptions, startAzureLab } from '../azure/server.js';
import type { EnvironmentOptions } from '../docuelevate/environment.js';
import { labOf } from '../provider-lab.js';
import type { ScenarioOptions } from '../scenario.js';

export interface AzureScenarioOptions extends ScenarioOptions, AzureLabOptions, Pick<EnvironmentOptions, 'database'> {}

/** DocuElevate with Key 1 of a Document Intelligence account, which the portal offers first. Nobody uses Key 2. */
export const azureLab = labOf<AzureLab, AzureScenarioOptions>({
  procedure: azureDocumentIntelligenceKey,
  name: 'azure',
  start: startAzureLab,
  adopt: (azure) => ({ key: azure.inSlot('Key1') }),
  engine: ({ url: azureEndpoint }, { key = '' }) => ({ azureEndpoint, azureKey: key }),
  use: 'ocr',
  entry: ({ url, tenant, app: { clientId }, account }) => ({
    provider: {
      ...{ tenant, clientId, clientSecret: { file: './azure-app' }, account },
      ...{ endpoint: url, login: url, management: url },
      propagation: '0 seconds', // the lab accepts new keys and refuses deleted ones at once
    },
    unseenUse: 'retire',
  }),
  secretFiles: ({ app }) => ({ 'azure-app': app.secret }),
  enginesOwn: ({ path }) => /\/documentintelligence\/(operations|documentModels)/.test(path),
  declared: (path) => ({ system: systemOf(path) }),
  secrets: (azure) => [azure.readOnlyApp.secret, ...azure.keys().map(({ value }) => value)],
  /** Somebody else's account in the same region, whose keys the endpoint accepts as well. */
  populate: ({ neighborsKey: key }) => ({ own: { key }, values: [key] }),
  /** Without values that are nobody's, or a person's: what happens to them does not count. */
  issued: (azure, { key: adopted }) => [
    { value: azure.neighborsKey, label: null, alive: azure.works(azure.neighborsKey) },
    ...azure
      .keys()
      .filter(({ value, ours }) => ours || value === adopted)
      .map(({ value, slot, live }) => ({ value, label: slot, alive: live, readable: true as const })),
  ],
  kill: (azure) => azure.regenerateByHand('Key1'),
  failFor: (azure, fails) => azure.failFor(fails),
  falseSuccess: (azure, scenario) => ({
    body: () => falseSuccessOf(azure, scenario.engineHolds()),
    probe: '/documentintelligence/info',
  }),
  goesBack: /may still arrive/,
});

export const startAzureDocumentIntelligenceKey = azureLab.start;

/** The lab has on one address what Azure has on three. */
function systemOf(path: string): string {
  if (path.endsWith('/oauth2/v2.0/token')) return 'entra';
  return path.startsWith('/subscriptions/') ? 'azure' : 'document-intelligence';
}

/** The key that the engine does not hold looks regenerated, and is unchanged. */
function falseSuccessOf(azure: AzureLab, held: string | null): string {
  const shown = (value: string): string => (value === held ? value : randomBytes(42).toString('hex'));
  return JSON.stringify({ key1: shown(azure.inSlot('Key1')), key2: shown(azure.inSlot('Key2')) });
}
