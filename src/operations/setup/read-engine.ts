import { DocuElevateClient } from '../../../activities/docuelevate/client.js';
import { Sessions } from '../../../activities/docuelevate/session.js';
import { connectionOf, DocumentEngine } from '../../../activities/document-engine/account.js';
import { DocumentEngineClient } from '../../../activities/document-engine/client.js';
import { runDirectly } from '../../../activities/shared/scope.js';
import { catalog } from '../../../workflows/catalog.js';
import { HttpUrl } from '../../fields/fields.js';
import { UserError } from '../../domain/user-error.js';
import { providerOf } from '../../../activities/providers.js';
import type { Engine } from './draft.js';
import { explain } from '../session/explain.js';
import { UsageError } from '../session/refusals.js';

/** An engine, and how to sign in there as somebody who may change its credentials. */
export type EngineAccess = DocuElevateAccess | DocumentEngineAccess;
type DocuElevateAccess = {
  readonly kind: 'docuelevate';
  readonly url: string;
  readonly username: string;
  readonly password: string;
};
type DocumentEngineAccess = { readonly kind: 'document-engine'; readonly url: string; readonly apiToken: string };

/** The address in the spelling of the configuration. Throws a UsageError. */
export function engineUrl(text: string): string {
  const { data, error } = HttpUrl.safeParse(text);
  if (data !== undefined) return data;
  throw new UsageError(`The engine's address cannot be used: ${error?.issues[0]?.message ?? 'not an address'}`, {
    state: 'Nothing was written.',
    next: 'Give the address that a browser uses, for example --url https://docs.example.com.',
  });
}

/** What an engine says of itself. */
export type EngineReading = Pick<Engine, 'credentials' | 'plain'>;

/** Signs in and asks the engine for its credentials, and for the plain settings that go with them. Writes nothing anywhere. */
export async function readEngine(access: EngineAccess): Promise<EngineReading> {
  try {
    return await runDirectly({ workflowId: 'init', runId: '' }, () =>
      access.kind === 'docuelevate' ? readDocuElevate(access) : readDocumentEngine(access),
    );
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${access.url} could not be read: ${explain(error).what}`, {
      state: 'Nothing was written.',
      next: 'Check the address and what you sign in with; then run keyturn init again.',
      cause: error,
    });
  }
}

async function readDocuElevate({ url, username, password }: DocuElevateAccess): Promise<EngineReading> {
  const session = new Sessions().of({ url, username, password: async () => password, settings: {} });
  const client = new DocuElevateClient(session);
  if (await client.isAdmin()) return { credentials: await client.credentials(), plain: await readPlain(client) };
  throw new UserError(`${username} is not an administrator of ${url}`, {
    state: 'Nothing was written.',
    next: 'Sign in as an administrator: only those may change settings.',
  });
}

async function readPlain(client: DocuElevateClient): Promise<Record<string, string>> {
  const providers = catalog.filter(({ engine }) => engine === 'docuelevate').map(({ provider }) => provider);
  const fields = providers.flatMap((provider) => providerOf(provider).shown.map(({ setting }) => setting));
  const plain: Record<string, string> = {};
  for (const setting of [...fields, 'ocr_providers']) {
    const value = await client.shownValue(setting);
    if (value) plain[setting] = value;
  }
  return plain;
}

/** Every kind of secret; those that the engine lists at least one of are configured. */
async function readDocumentEngine({ url, apiToken }: DocumentEngineAccess): Promise<EngineReading> {
  const engine = DocumentEngine.parse({ kind: 'document-engine', url, apiToken: { env: 'ASKED_FOR' } });
  const credentials: Engine['credentials'][number][] = [];
  for (const descriptor of catalog.filter((each) => each.engine === 'document-engine')) {
    const client = new DocumentEngineClient(connectionOf(engine, descriptor, async () => apiToken));
    const configured = (await client.secrets()).length > 0;
    const { section: description } = descriptor;
    for (const key of Object.keys(descriptor.settings))
      credentials.push({ key, category: 'Secrets', description, configured, source: 'db' });
  }
  return { credentials, plain: {} };
}
