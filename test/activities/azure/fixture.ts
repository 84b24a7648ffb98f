import { createAzureActivities, type AzureActivities } from '../../../activities/azure/activities.js';
import { endpoints } from '../../../activities/azure/requests.js';
import { type AzureLab, type AzureLabApp, type AzureLabOptions, startAzureLab } from '../../../src/lab/azure/server.js';
import type { VersionRef } from '../../../src/domain/version.js';
import type { ProviderFixture } from '../../contracts/provider.js';
import type { Bench } from '../bench.js';

/** Azure's lab, our activities pointed at it, and the account's Key1 adopted as version 1. */
export interface AzureFixture {
  readonly lab: AzureLab;
  readonly azure: AzureActivities;
  /** What the configuration says; change it to point elsewhere. */
  readonly account: { app: AzureLabApp; tenant: string; account: string; endpoint: string; propagationMs: number };
  readonly adopted: VersionRef;
}

export async function startAzureFixture(bench: Bench, options: AzureLabOptions = {}): Promise<AzureFixture> {
  const lab = await startAzureLab(options);
  const { url, tenant } = lab;
  const propagationMs = options.propagationMs ?? 0;
  const account = { app: lab.app, tenant, account: lab.account, endpoint: url, propagationMs };
  const azure = createAzureActivities({
    store: bench.store,
    async account() {
      const { app, ...rest } = account;
      return { ...rest, login: url, management: url, clientId: app.clientId, clientSecret: async () => app.secret };
    },
  });
  const adopted = await bench.adopt({ key: lab.inSlot('Key1') });
  await bench.attempt(() => azure.identifyKey(adopted));
  return { lab, azure, account, adopted };
}

export async function azureProvider(bench: Bench, options: AzureLabOptions): Promise<ProviderFixture> {
  const { lab, azure, account, adopted } = await startAzureFixture(bench, options);
  const { app: valid, readOnlyApp: powerless } = lab;
  const admins = { valid, wrong: { ...valid, secret: `wrong-${valid.secret}` }, powerless };
  const regenerate = { method: endpoints.regenerateKey.method, path: endpoints.regenerateKey.path };
  return {
    lab,
    verbs: {
      async create(version) {
        await bench.prove(version, 'sole-user'); // as the check before it, or a person, would
        await azure.createKey(version);
      },
      accepts: azure.acceptsKey,
      destroy: azure.regenerateKey,
      refuses: azure.refusesKey,
    },
    lost: 'read back',
    creates: regenerate,
    destroys: regenerate,
    useAdmin: (which) => void (account.app = admins[which]),
    async working() {
      const values: string[] = [];
      for (const { number, parts } of await bench.store.versions(bench.credential)) {
        if (number === adopted.number || !parts.includes('key')) continue;
        const { key = '' } = await bench.store.unseal({ credential: bench.credential, number });
        if (lab.works(key)) values.push(key);
      }
      return values;
    },
    secrets: () => [...Object.values(admins).map(({ secret }) => secret), ...lab.keys().map(({ value }) => value)],
  };
}
