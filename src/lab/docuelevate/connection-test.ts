import type { Routes } from '../routes.js';
import { ok } from './answers.js';
import { AiError, askOpenAi } from './ai.js';
import { AzureError, listOperations } from './azure.js';
import { loggedIn, type Visit } from './sessions.js';

/**
 * The engine's own tests of its keys, with the values in the API process's memory. A failure is a 200 as well. A test blocks the whole
 * process, as in the real engine.
 */
export function connectionTestRoutes(signal: AbortSignal): Routes<Visit> {
  return {
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
