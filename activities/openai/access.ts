import type { Known } from '../kit/account.js';
import { expiryText } from '../kit/listed.js';
import { isWithin } from '../kit/recovery.js';
import { type AccessCheck, accessCheck, type Warning } from '../shared/access.js';
import { permanent } from '../shared/failures.js';
import { saidNo } from '../shared/outside-error.js';
import type { OpenAiClient } from './client.js';
import { fits, keyId } from './ids.js';

export async function checkAccess(client: OpenAiClient, { current }: Known): Promise<AccessCheck[]> {
  const project = await accessCheck(`project ${client.section.project}`, () => projectTakesKeys(client));
  if (!project.ok) return [project];
  const accounts = await accessCheck('service accounts', async () => {
    const { length } = await client.accounts();
    return `${length} in the project; whether new ones can be created shows only with the first`;
  });
  const adminKey = await accessCheck('expiry of the admin key', () => endOfAdmin(client));
  if (current === undefined) return [project, accounts, adminKey];
  return [project, accounts, adminKey, await accessCheck('expiry of the key', () => endOf(client, current))];
}

async function endOf(client: OpenAiClient, current: string | null): Promise<string | Warning> {
  const own = (await client.keys()).find((key) => current !== null && isWithin(keyId(key), current));
  const { expires_at: end = null } = own ?? {};
  return end === null ? 'it does not expire' : { warning: `${expiryText(end)}; it is due before that` };
}

/** Only a person can replace the admin key. */
async function endOfAdmin(client: OpenAiClient): Promise<string | Warning> {
  const value = await client.adminKey();
  const keys = await client.adminKeys().catch((error: unknown) => {
    if (saidNo(error)) return null;
    throw error;
  });
  if (keys === null) return 'OpenAI does not show it to this admin key';
  const fitting = keys.filter(({ redacted_value }) => fits(redacted_value, value));
  const ends = fitting.flatMap(({ expires_at }) => expires_at ?? []);
  if (fitting.length === 0) return 'OpenAI does not list the admin key';
  if (ends.length === 0) return 'it does not expire';
  return { warning: `${expiryText(Math.min(...ends))}: replace it before that` };
}

/** The Default project is recognizable only by its name. */
async function projectTakesKeys(client: OpenAiClient): Promise<string> {
  const { name, status, archived_at } = await client.showProject();
  if (status === 'archived' || (archived_at ?? null) !== null)
    throw permanent('Rejected', 'the project is archived: configure another project');
  if (name === 'Default project')
    throw permanent('Rejected', 'the Default project takes no service accounts: create a project for DocuElevate');
  return 'it is active, and the admin key can read it';
}
