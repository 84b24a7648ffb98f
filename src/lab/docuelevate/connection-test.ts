import type { Routes } from '../routes.js';
import { ok } from './answers.js';
import type { Gate } from './app.js';
import { AiError, askOpenAi } from './ai.js';
import { loggedIn, type Visit } from './sessions.js';
import type { Settings } from './settings.js';

export interface ConnectionTestOptions {
  readonly settings: Settings;
  readonly signal: AbortSignal;
  /** The test blocks the whole process, as the real one does. */
  readonly gate: Gate;
}

/** The engine's own test of its key, as the API process has it in memory. Failure is a 200 as well. */
export function connectionTestRoutes({ settings, signal, gate }: ConnectionTestOptions): Routes<Visit> {
  return {
    'GET /api/openai/test': loggedIn(async () => {
      const key = settings.current('openai_api_key');
      if (!key) return ok({ status: 'error', message: 'No OpenAI API key is configured' });
      const baseUrl = settings.current('openai_base_url') ?? '';
      return gate.block(askOpenAi({ baseUrl, key, signal }, '/models')).then(
        (models) => ok({ status: 'success', message: 'OpenAI API key is valid', models_available: count(models) }),
        (error: unknown) => ok({ status: 'error', ...explain(error) }),
      );
    }),
  };
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
