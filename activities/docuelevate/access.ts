import { type AccessCheck, accessCheck } from '../shared/access.js';
import { passing, permanent } from '../shared/failures.js';
import type { DocuElevateDeps } from './activities.js';
import type { DocuElevateClient } from './client.js';
import { connect } from './engine.js';
import { isKept } from './kept.js';
import { unknownAmong } from './credential-settings.js';
import type { EngineCredential } from './schemas.js';

/** The checks of `keyturn check` on a credential's settings. */
export async function checkAccess(deps: DocuElevateDeps, credential: string): Promise<AccessCheck[]> {
  const { connection, client } = await connect(deps, credential);
  const login = await accessCheck(`login as ${connection.username}`, async () => {
    if (await client.isAdmin()) return 'works, as an administrator';
    throw permanent('Unauthorized', 'works, but the user is no administrator, so settings cannot be changed');
  });
  if (!login.ok) return [login];
  const known: EngineCredential[] = [];
  const list = await accessCheck('settings', async () => {
    known.push(...(await client.credentials()));
    return 'can be read';
  });
  const settings = Object.keys(connection.settings).map((key) =>
    accessCheck(`setting ${key}`, async () => describe(key, known)),
  );
  const { fallback } = connection;
  if (fallback !== undefined)
    settings.push(accessCheck(`setting ${fallback}`, async () => requireUnset(fallback, known)));
  return [login, list, ...(list.ok ? await Promise.all(settings) : [])];
}

/** Checks of the engine as a whole, made once for all credentials: the queue takes seconds to answer. */
export async function checkEngine(deps: DocuElevateDeps, credential: string): Promise<AccessCheck[]> {
  const { connection, client } = await connect(deps, credential);
  const { keptDocument } = connection;
  const worker = await accessCheck('worker', async () => {
    const online = await client.workersOnline();
    if (online > 0) return `${online} online`;
    throw passing('none is online, so no document can show that a value works: start one');
  });
  const documents = await accessCheck('test documents', async () => {
    const isPostgres = (await client.shownValue('database_url'))?.startsWith('postgres') === true;
    return isPostgres ? { warning: documentsStay } : 'are deleted again';
  });
  const settings = await accessCheck('credential settings', async () => {
    const unknown = unknownAmong(await client.credentials());
    return unknown.length === 0 ? 'this version of Keyturn knows each of them' : { warning: notKnown(unknown) };
  });
  return [worker, settings, documents, ...(keptDocument === undefined ? [] : [await keptThere(client, keptDocument)])];
}

function notKnown(keys: readonly string[]): string {
  return `this version of Keyturn does not know ${keys.join(' and ')}: rotate by hand, and look for a newer version`;
}

/** A missing document is only a warning: verification shows less without it. */
function keptThere(client: DocuElevateClient, document: number): Promise<AccessCheck> {
  return accessCheck(`kept document ${document}`, async () => {
    if (await isKept(client, document)) return 'exists; each verification uploads it again where it overwrites itself';
    return {
      warning: `is missing, or no test document of Keyturn: verifications upload nothing. Create one with keyturn verify <credential> --document --keep`,
    };
  });
}

const documentsStay =
  'stay forever, because DocuElevate cannot delete a document on PostgreSQL (DELETE answers 500). They are named keyturn-test-….pdf, and every destination keeps a copy';

function describe(key: string, known: readonly EngineCredential[]): string {
  const setting = known.find((each) => each.key === key);
  if (!setting) throw permanent('NotFound', 'is not among the credentials DocuElevate knows');
  return `${places[setting.source ?? 'nowhere']}; ${setting.restart_required ? 'a change needs a restart' : 'a change takes effect at once'}`;
}

function requireUnset(key: string, known: readonly EngineCredential[]): string {
  if (!known.find((each) => each.key === key)?.configured) return 'not set, as it has to be';
  throw permanent('Rejected', 'is set, and DocuElevate silently falls back to it: clear it');
}

const places = { db: 'set in the database', env: 'set in the environment', nowhere: 'not set' } as const;
