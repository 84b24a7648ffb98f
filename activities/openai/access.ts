import { type AccessCheck, look, type Warning } from '../shared/access.js';
import { saidNo } from '../shared/outside-error.js';
import { permanent } from '../shared/failures.js';
import type { OpenAiDeps } from './activities.js';
import { OpenAiClient } from './client.js';
import { fits, ownKeys } from './ids.js';
import { endText } from './lifetime.js';

export async function checkAccess({ store, account }: OpenAiDeps, credential: string): Promise<AccessCheck[]> {
  const connection = await account(credential);
  const client = new OpenAiClient(connection);
  const project = await look(`project ${connection.project}`, () => projectTakesKeys(client));
  if (!project.ok) return [project];
  const accounts = await look('service accounts', async () => {
    const { length } = await client.accounts();
    return `${length} in the project; that they can be made too shows when the first one is`;
  });
  const current = (await store.versions(credential)).find(({ state }) => state === 'current');
  const adminKey = await look('end of the admin key', async () => endOfAdmin(client, await connection.adminKey()));
  if (!current) return [project, accounts, adminKey];
  return [project, accounts, adminKey, await look('end of the key', () => endOf(client, current.providerId))];
}

async function endOf(client: OpenAiClient, providerId: string | null): Promise<string | Warning> {
  const [key] = ownKeys(await client.keys(), providerId);
  const { expires_at: end = null } = key ?? {};
  return end === null ? 'OpenAI does not end it by itself' : { warning: `${endText(end)}; it is due before that` };
}

/** Nobody replaces it but a person. */
async function endOfAdmin(client: OpenAiClient, value: string): Promise<string | Warning> {
  const keys = await client.adminKeys().catch((error: unknown) => {
    if (saidNo(error)) return null;
    throw error;
  });
  if (keys === null) return 'OpenAI does not tell it to this admin key';
  const fitting = keys.filter(({ redacted_value }) => fits(redacted_value, value));
  const ends = fitting.flatMap(({ expires_at }) => expires_at ?? []);
  if (fitting.length === 0) return 'OpenAI does not list the admin key';
  if (ends.length === 0) return 'OpenAI does not end it by itself';
  return { warning: `${endText(Math.min(...ends))}: put another one where the configuration says before that` };
}

/** The vendor marks the Default project by nothing but its name. */
async function projectTakesKeys(client: OpenAiClient): Promise<string> {
  const { name, status, archived_at } = await client.project();
  if (status === 'archived' || (archived_at ?? null) !== null)
    throw permanent('Rejected', 'the project is archived: configure another one');
  if (name === 'Default project')
    throw permanent('Rejected', 'the Default project takes no service accounts: make a project for DocuElevate');
  return 'the admin key may read it, and it is active';
}
