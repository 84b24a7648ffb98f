import { type AccessCheck, look, type Warning } from '../shared/access.js';
import { permanent } from '../shared/failures.js';
import type { AzureDeps } from './activities.js';
import { AzureClient } from './client.js';
import type { Permissions } from './schemas.js';

const regenerating = 'Microsoft.CognitiveServices/accounts/regenerateKey/action';

export async function checkAccess(deps: AzureDeps, credential: string): Promise<AccessCheck[]> {
  const connection = await deps.account(credential);
  const client = new AzureClient(connection);
  const shown = await look(`account ${connection.account.split('/').at(-1)}`, () => takesKeys(client));
  if (!shown.ok) return [shown];
  return [
    shown,
    await look('keys', async () => {
      await client.keys();
      return 'may be listed';
    }),
    await look('endpoint', () => takesKeyInForce(deps, credential)),
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

/** Azure refuses a dead key and one of another endpoint in the same words, so the endpoint is compared, and asked with the key in force. */
async function takesKeyInForce({ store, account }: AzureDeps, credential: string): Promise<string | Warning> {
  const connection = await account(credential);
  const client = new AzureClient(connection);
  const { endpoint, endpoints } = (await client.account()).properties;
  const known = [endpoint, ...Object.values(endpoints ?? {})].flatMap((address) => hostOf(address) ?? []);
  const host = hostOf(connection.endpoint) ?? '';
  const isOwn = known.includes(host);
  const other = `the account's own is ${known[0] ?? 'not told'}, the configured one ${host}`;
  const current = (await store.versions(credential)).find(({ state }) => state === 'current');
  const { key } = current && current.parts.length > 0 ? await store.unseal(current) : await firstOf(client);
  if ((await client.tryKey(key ?? '')).verdict === 'refused')
    throw permanent('Rejected', isOwn ? 'it refuses the key in force' : `it refuses the key in force: ${other}`);
  return isOwn ? "is the account's, and takes its key" : { warning: `takes the account's key, but ${other}` };
}

/** Before an adoption either key will do. */
async function firstOf(client: AzureClient): Promise<{ readonly key: string }> {
  return { key: (await client.keys()).Key1 };
}

function hostOf(address: string | null | undefined): string | null {
  return address && URL.canParse(address) ? new URL(address).host : null;
}

/** Asked for, not tried: a regeneration ends a key. */
async function mayRegenerate(client: AzureClient): Promise<string> {
  if (permits(await client.permissions(), regenerating)) return 'is permitted';
  throw permanent('Unauthorized', `is not permitted: the app's role lacks ${regenerating}`);
}

function permits({ value }: Permissions, action: string): boolean {
  const covers = (pattern: string): boolean => fits(pattern.toLowerCase(), action.toLowerCase());
  return value.some(({ actions, notActions }) => actions.some(covers) && !notActions.some(covers));
}

/** Each star stands for anything. By hand: as a regular expression, a pattern of many stars takes for ever. */
function fits(pattern: string, text: string): boolean {
  const [first = '', ...parts] = pattern.split('*');
  const last = parts.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
