import { setTimeout as delay } from 'node:timers/promises';
import type { Task } from './tasks.js';

/** Address, key and abort signal of an AI call. */
export interface AiAccess {
  readonly baseUrl: string;
  readonly key: string;
  readonly signal: AbortSignal;
}

/** A failed AI call. Its message may contain the key, as in the engine's own client library. */
export class AiError extends Error {
  override readonly name = 'AiError';
  readonly status: number | null;

  constructor(message: string, status: number | null) {
    super(message);
    this.status = status;
  }
}

/** AI calls of a task, with the address and the key at the start of the task. */
export interface Ai {
  /** Whether there is a key. Without one, the AI steps are skipped. */
  configured(task: Task): boolean;
  /** @throws AiError */
  chat(task: Task, content: string): Promise<string>;
  /** Returns the number of dimensions. @throws AiError */
  embed(task: Task, text: string): Promise<number>;
}

export function createAi({ latencyMs, signal }: { latencyMs: number; signal: AbortSignal }): Ai {
  async function ask(task: Task, path: string, question: object): Promise<unknown> {
    const access = { baseUrl: task.value('openai_base_url'), key: task.value('openai_api_key'), signal };
    if (latencyMs > 0) await delay(latencyMs, undefined, { signal });
    return askOpenAi(access, path, { model: task.value('openai_model'), ...question });
  }
  return {
    configured: (task) => task.value('openai_api_key') !== '',
    async chat(task, content) {
      const answer = await ask(task, '/chat/completions', { messages: [{ role: 'user', content }] });
      return (answer as { choices: { message: { content: string } }[] }).choices[0]?.message.content ?? '';
    },
    async embed(task, input) {
      const answer = await ask(task, '/embeddings', { input });
      return (answer as { data: { embedding: number[] }[] }).data[0]?.embedding.length ?? 0;
    },
  };
}

/** @throws AiError when the provider refuses or does not answer */
export async function askOpenAi(access: AiAccess, path: string, body?: object): Promise<unknown> {
  const { key } = access;
  // fetch would trim a trailing line break, and the key would work. The engine's client refuses it and quotes the whole key.
  if (/[^\x20-\x7e]|\s$/.test(key)) throw new AiError(`Connection error: Illegal header value b'Bearer ${key}'`, null);
  const { status, text } = await send(access, path, body).catch((error: unknown) => {
    throw new AiError(`Connection error: ${String(error)}`, null);
  });
  if (status !== 200) throw new AiError(`Error code: ${status} - ${text}`, status);
  return JSON.parse(text);
}

async function send({ baseUrl, key, signal }: AiAccess, path: string, body?: object) {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const init = body ? { method: 'POST', body: JSON.stringify(body) } : {};
  const response = await fetch(`${baseUrl}${path}`, { ...init, headers, signal });
  return { status: response.status, text: await response.text() };
}
