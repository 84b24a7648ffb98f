import { type AccessCheck, accessCheck, type Warning } from '../shared/access.js';
import { saidNo } from '../shared/outside-error.js';
import { permanent } from '../shared/failures.js';
import type { OpenAiDeps } from './activities.js';
import { OpenAiClient } from './client.js';
import { fits, ownKeys } from './ids.js';
import { endText } from './lifetime.js';

export async function checkAccess({ store, account }: OpenAiDeps, credential: string): Promise<AccessCheck[]> {
  const connection = await account(credential);
  const client = new OpenAiClient(connection);
  const project = await accessCheck(`project ${connection.project}`, () => projectTakesKeys(client));
  if (!project.ok) return [project];
  const accounts = await accessCheck('service accounts', async () => {
    const { length } = await client.accounts();
    return `${length} in the project; whether new ones can be created shows only with the first`;
  });
  const current = (await store.versions(credential)).find(({ state }) => state === 'current');
  const admin = async () => endOfAdmin(client, await connection.adminKey());
  const adminKey = await accessCheck('expiry of the admin key', admin);
  if (!current) return [project, accounts, adminKey];
  return [project, accounts, adminKey, await accessCheck('expiry of the key', () => endOf(client, current.providerId))];
}

async function endOf(client: OpenAiClient, providerId: string | null): Promise<string | Warning> {
  const [key] = ownKeys(await client.keys(), providerId);
  const { expires_at: end = null } = key ?? {};
  return end === null ? 'it does not expire' : { warning: `${endText(end)}; it is due before that` };
}

/** Only a person can replace the admin key. */
async function endOfAdmin(client: OpenAiClient, value: string): Promise<string | Warning> {
  const keys = await client.adminKeys().catch((error: unknown) => {
    if (saidNo(error)) return null;
    throw error;
  });
  if (keys === null) return 'OpenAI does not show it to this admin key';
  const fitting = keys.filter(({ redacted_value }) => fits(redacted_value, value));
  const ends = fitting.flatMap(({ expires_at }) => expires_at ?? []);
  if (fitting.length === 0) return 'OpenAI does not list the admin key';
  if (ends.length === 0) return 'it does not expire';
  return { warning: `${endText(Math.min(...ends))}: replace it before that` };
}

/** The Default project is recognizable only by its name. */
async function projectTakesKeys(client: OpenAiClient): Promise<string> {
  const { name, status, archived_at } = await client.project();
  if (status === 'archived' || (archived_at ?? null) !== null)
    throw permanent('Rejected', 'the project is archived: configure another project');
  if (name === 'Default project')
    throw permanent('Rejected', 'the Default project takes no service accounts: create a project for DocuElevate');
  return 'it is active, and the admin key can read it';
}
