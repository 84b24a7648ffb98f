import { type AccessCheck, accessCheck, type Warning } from '../shared/access.js';
import { permanent } from '../shared/failures.js';
import type { AzureDeps } from './activities.js';
import { AzureClient } from './client.js';

const regenerating = 'Microsoft.CognitiveServices/accounts/regenerateKey/action';

/** The checks of `keyturn check` on the account. */
export async function checkAccess(deps: AzureDeps, credential: string): Promise<AccessCheck[]> {
  const connection = await deps.account(credential);
  const client = new AzureClient(connection);
  const account = await accessCheck(`account ${connection.account.split('/').at(-1)}`, () => takesKeys(client));
  if (!account.ok) return [account];
  return [
    account,
    await accessCheck('keys', async () => {
      await client.keys();
      return 'can be listed';
    }),
    await accessCheck('endpoint', () => takesKeyInForce(deps, credential)),
    await accessCheck('regeneration', () => mayRegenerate(client)),
  ];
}

async function takesKeys(client: AzureClient): Promise<string> {
  const { kind, properties } = await client.account();
  if (properties.disableLocalAuth === true)
    throw permanent('Rejected', 'keys are disabled (disableLocalAuth): there is nothing to rotate');
  if (!['FormRecognizer', 'CognitiveServices', 'AIServices'].includes(kind))
    throw permanent('Rejected', `it is of kind ${kind}, which reads no documents`);
  return `can be read; its kind is ${kind}`;
}

/** Azure refuses a dead key and one of another endpoint with the same message. So the endpoint is compared, and asked with the key in force. */
async function takesKeyInForce({ store, account }: AzureDeps, credential: string): Promise<string | Warning> {
  const connection = await account(credential);
  const client = new AzureClient(connection);
  const { endpoint, endpoints } = (await client.account()).properties;
  const known = [endpoint, ...Object.values(endpoints ?? {})].flatMap((address) => hostOf(address) ?? []);
  const host = hostOf(connection.endpoint) ?? '';
  const isOwn = known.includes(host);
  const other = `the account's own is ${known[0] ?? 'unknown'}, the configured one ${host}`;
  const current = (await store.versions(credential)).find(({ state }) => state === 'current');
  const isStored = current !== undefined && current.parts.length > 0;
  const key = isStored ? (await store.unseal(current))['key'] : (await client.keys()).Key1; // before an adoption either key serves
  if ((await client.tryKey(key ?? '')).verdict === 'refused')
    throw permanent('Rejected', isOwn ? 'it refuses the key in force' : `it refuses the key in force: ${other}`);
  return isOwn ? "is the account's and accepts its key" : { warning: `accepts the account's key, but ${other}` };
}

function hostOf(address: string | null | undefined): string | null {
  return address && URL.canParse(address) ? new URL(address).host : null;
}

/** Reads the permission instead of trying it: a regeneration ends a key. */
async function mayRegenerate(client: AzureClient): Promise<string> {
  const covers = (pattern: string): boolean => fits(pattern.toLowerCase(), regenerating.toLowerCase());
  const { value } = await client.permissions();
  if (value.some(({ actions, notActions }) => actions.some(covers) && !notActions.some(covers))) return 'is permitted';
  throw permanent('Unauthorized', `is not permitted: the app's role lacks ${regenerating}`);
}

/** Each star matches any text. Written by hand: as a regular expression, a pattern with many stars takes exponential time. */
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
