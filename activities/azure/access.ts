import { type AccessCheck, look } from '../shared/access.js';
import { permanent } from '../shared/patience.js';
import type { AzureDeps } from './activities.js';
import { AzureClient } from './client.js';
import type { Permissions } from './schemas.js';

const regenerating = 'Microsoft.CognitiveServices/accounts/regenerateKey/action';

export async function checkAccess({ account }: AzureDeps, credential: string): Promise<AccessCheck[]> {
  const connection = await account(credential);
  const client = new AzureClient(connection);
  const shown = await look(`account ${connection.account.split('/').at(-1)}`, () => takesKeys(client));
  if (!shown.ok) return [shown];
  return [
    shown,
    await look('keys', async () => {
      await client.keys();
      return 'may be listed';
    }),
    await look('regeneration', () => mayRegenerate(client)),
  ];
}

async function takesKeys(client: AzureClient): Promise<string> {
  const { kind, properties } = await client.account();
  if (properties.disableLocalAuth === true)
    throw permanent('Rejected', 'keys are switched off (disableLocalAuth): there is nothing to rotate');
  if (!['FormRecognizer', 'CognitiveServices', 'AIServices'].includes(kind))
    throw permanent('Rejected', `it is of kind ${kind}, which reads no documents`);
  return `may be read; it is of kind ${kind}`;
}

/** Asked for, not tried: a regeneration ends a key. */
async function mayRegenerate(client: AzureClient): Promise<string> {
  if (permits(await client.permissions(), regenerating)) return 'is permitted';
  throw permanent('Unauthorized', `is not permitted: the app's role lacks ${regenerating}`);
}

function permits({ value }: Permissions, action: string): boolean {
  const covers = (pattern: string): boolean => {
    const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`, 'i').test(action);
  };
  return value.some(({ actions, notActions }) => actions.some(covers) && !notActions.some(covers));
}
