import { type AccessCheck, look } from '../shared/access.js';
import { permanent } from '../shared/patience.js';
import type { OpenAiDeps } from './activities.js';
import { OpenAiClient } from './client.js';

export async function checkAccess({ account }: OpenAiDeps, credential: string): Promise<AccessCheck[]> {
  const connection = await account(credential);
  const client = new OpenAiClient(connection);
  const project = await look(`project ${connection.project}`, () => projectTakesKeys(client));
  if (!project.ok) return [project];
  const accounts = await look('service accounts', async () => {
    const { length } = await client.accounts();
    return `${length} in the project; that they can be made too shows when the first one is`;
  });
  return [project, accounts];
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
