import type { Handler, Routes } from '../routes.js';
import { ok } from './answers.js';
import { AiError, askOpenAi, chatWith } from './ai.js';
import { AzureError, listOperations } from './azure.js';
import { reasonOf } from './delivery.js';
import type { Peers } from './peers.js';
import { loggedIn, type Visit } from './sessions.js';
import { type TokenTest, tokenTests } from './token-tests.js';

/**
 * The engine's own tests of its keys, with the values in the API process's memory. A failure is a 200 as well. A test blocks the whole
 * process, as in the real engine.
 */
export function connectionTestRoutes(peers: Peers, signal: AbortSignal): Routes<Visit> {
  return {
    ...tokenTestRoutes(peers),
    'GET /api/ai/test': loggedIn(async ({ api }) => {
      const setting = (key: string): string => api.current(key) ?? '';
      const provider = setting('ai_provider');
      return api.gate.block(chatWith(setting, 'Reply with the single word: ok', { peers, signal })).then(
        (response) => {
          const about = { provider, model: setting('openai_model'), response_preview: response.slice(0, 50) };
          return ok({ status: 'success', message: `AI provider '${provider}' is reachable and responding`, ...about });
        },
        (error: unknown) => ok({ status: 'error', message: `Connection failed: ${reasonOf(error)}`, provider }),
      );
    }),
    'GET /api/openai/test': loggedIn(async ({ api }) => {
      const key = api.current('openai_api_key');
      if (!key) return ok({ status: 'error', message: 'No OpenAI API key is configured' });
      const baseUrl = api.current('openai_base_url') ?? '';
      return api.gate.block(askOpenAi({ baseUrl, key, signal }, '/models')).then(
        (models) => ok({ status: 'success', message: 'OpenAI API key is valid', models_available: count(models) }),
        (error: unknown) => ok({ status: 'error', ...explain(error) }),
      );
    }),
    'GET /api/azure/test': loggedIn(async ({ api }) => {
      const [endpoint, key] = [api.current('azure_endpoint'), api.current('azure_ai_key')];
      if (!endpoint || !key) return ok({ status: 'error', message: incomplete({ endpoint, 'API key': key }) });
      return api.gate.block(listOperations({ endpoint, key, signal })).then(
        ({ length }) => ok({ status: 'success', message: valid, endpoint, operations_count: length }),
        (error: unknown) => ok({ status: 'error', ...explainAzure(error) }),
      );
    }),
  };
}

const paths: Readonly<Record<string, string>> = {
  'GET /api/dropbox/test-token': 'Dropbox',
  'GET /api/google-drive/test-token': 'Google Drive',
  'GET /api/onedrive/test-token': 'OneDrive',
};

function tokenTestRoutes(peers: Peers): Routes<Visit> {
  const routes = Object.entries(paths).map(([route, service]): [string, Handler<Visit>] => [
    route,
    loggedIn(async ({ api }) => {
      const tested = await tokenTests[service]?.((key) => api.current(key) ?? '', peers);
      const { newer, ...answer }: Partial<TokenTest> = tested ?? {};
      if (typeof newer === 'string') api.write('onedrive_refresh_token', newer, 'onedrive_token_rotation');
      return ok(answer);
    }),
  ]);
  return Object.fromEntries(routes);
}

const valid = 'Azure Document Intelligence connection is valid.';

function incomplete(settings: Readonly<Record<string, string | null>>): string {
  const missing = Object.keys(settings).filter((name) => !settings[name]);
  return `Azure Document Intelligence configuration is incomplete. Missing: ${missing.join(', ')}`;
}

function explainAzure(error: unknown): object {
  if (!(error instanceof AzureError)) throw error;
  const { message: detail, status } = error;
  if (status === 401) return { message: 'Authentication error: Invalid API key or credentials', detail };
  if (status === null) return { message: 'Service request error: Could not reach the Azure endpoint', detail };
  return { message: 'Connection test failed with unexpected error', detail };
}

function explain(error: unknown): object {
  if (!(error instanceof AiError)) throw error;
  const { message, status } = error;
  if (status === null) return { message, is_auth_error: false, error_type: 'connection_error' };
  if (status === 401) return { message, is_auth_error: true, error_type: 'authentication_error' };
  if (status === 429) return { message, is_auth_error: false, error_type: 'rate_limit' };
  return { message, is_auth_error: false, error_type: 'api_status_error', http_status: status };
}

function count(models: unknown): number {
  const { data } = models as { data: unknown[] };
  return data.length;
}
