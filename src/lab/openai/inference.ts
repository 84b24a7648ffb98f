import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type Answer, type Handler, type Incoming, jsonBody, type Routes } from '../routes.js';
import { bearer, ok, refusal } from './answers.js';
import { missingScope, wrongKey } from './organization.js';
import type { Key, OpenAiState } from './state.js';

const Chat = z.object({ model: z.string(), messages: z.array(z.unknown()).min(1) });
const Embedding = z.object({ model: z.string(), input: z.union([z.string(), z.array(z.string())]) });

/** The calls an engine makes with a project's key. Every call with a working key counts as a use, even if the key may not make it. */
export function inferenceRoutes(state: OpenAiState): Routes<Incoming> {
  const routes: Routes<Incoming> = {
    'GET /v1/models': () => ok({ object: 'list', data: models.map((id) => modelView(id)) }),
    'POST /v1/chat/completions'(request) {
      const asked = Chat.safeParse(jsonBody(request));
      if (!asked.success) return refusal(400, 'A chat needs a model and messages.');
      const content = JSON.stringify(reply(JSON.stringify(asked.data.messages)));
      const choice = { index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' };
      const completion = { id: `chatcmpl-${randomUUID()}`, object: 'chat.completion', created: state.now() };
      return ok({ ...completion, model: asked.data.model, choices: [choice], usage });
    },
    'POST /v1/embeddings'(request) {
      const asked = Embedding.safeParse(jsonBody(request));
      if (!asked.success) return refusal(400, 'An embedding needs a model and an input.');
      const data = [asked.data.input].flat().map((_, index) => ({ object: 'embedding', index, embedding: [0.1, 0.2] }));
      return ok({ object: 'list', model: asked.data.model, data, usage });
    },
  };
  return Object.fromEntries(Object.entries(routes).map(([route, handle]) => [route, authenticated(state, handle)]));
}

function authenticated(state: OpenAiState, handle: Handler<Incoming>): Handler<Incoming> {
  return async (request) => {
    const value = bearer(request);
    const key = value === null ? undefined : state.accept(value, request);
    if (!key) return wrongKey(value);
    if (request.method === 'GET') return whyNot(key, 'api.model.read') ?? handle(request);
    const asked = request.body.toString();
    const answer = answerTo(state, key, asked) ?? (await handle(request));
    state.inferences.push({ key: key.id, asked, status: answer.status, at: Date.now() });
    return answer;
  };
}

/** The error to answer with; null when the request succeeds. */
function answerTo(state: OpenAiState, key: Key, asked: string): Answer | null {
  const fails = state.fails(asked) ? refusal(500, 'The server had an error while processing your request.') : null;
  return whyNot(key, 'model.request') ?? fails;
}

function whyNot({ scopes }: Key, scope: string): Answer | null {
  return scopes.length === 0 || scopes.includes(scope) ? null : missingScope(scope);
}

const models = ['gpt-4o-mini', 'gpt-4o', 'text-embedding-3-small'];
const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };

function modelView(id: string): object {
  return { id, object: 'model', created: 1_700_000_000, owned_by: 'openai' };
}

/** DocuElevate asks a chat model two questions: is this text readable, and what is this document. */
function reply(messages: string): object {
  if (messages.includes('quality_score'))
    return { quality_score: 95, is_good_quality: true, feedback: 'Readable.', issues: [] };
  return {
    filename: '2026-01-01_Letter',
    title: 'A letter',
    document_type: 'Letter',
    language: 'en',
    tags: ['letter'],
    correspondent: 'Unknown',
    absender: 'Unknown',
    empfaenger: 'Unknown',
    kommunikationsart: 'Sonstiges',
    kommunikationskategorie: 'Sonstige_Informationen',
    reference_number: 'Unknown',
    monetary_amounts: [],
    confidence_score: 90,
  };
}
