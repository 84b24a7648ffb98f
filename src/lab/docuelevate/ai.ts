import { setTimeout as delay } from 'node:timers/promises';
import type { Reader } from './clouds.js';
import { type Parts, peerAt, type Peers } from './peers.js';
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
  /** Whether the chosen provider has a key. Without one, the AI steps are skipped. */
  configured(task: Task): boolean;
  /** @throws AiError */
  chat(task: Task, content: string): Promise<string>;
  /** Always by OpenAI. Returns the number of dimensions. @throws AiError */
  embed(task: Task, text: string): Promise<number>;
}

export interface AiOptions {
  readonly latencyMs: number;
  readonly peers: Peers;
  readonly signal: AbortSignal;
}

export function createAi({ latencyMs, peers, signal }: AiOptions): Ai {
  const slowly = async (): Promise<unknown> => latencyMs > 0 && delay(latencyMs, undefined, { signal });
  return {
    configured: ({ value }) => value(partsOf(value)[0]?.[1] ?? 'openai_api_key') !== '',
    async chat({ value }, content) {
      await slowly();
      return chatWith(value, content, { peers, signal });
    },
    async embed({ value }, input) {
      await slowly();
      const answer = await askOpenAi(accessOf(value, signal), '/embeddings', { model: value('openai_model'), input });
      return (answer as { data: { embedding: number[] }[] }).data[0]?.embedding.length ?? 0;
    },
  };
}

/** Other providers than OpenAI: the host, and the setting of each part of the credential. */
const others: Readonly<Record<string, { readonly host: string; readonly parts: Parts }>> = {
  anthropic: { host: 'api.anthropic.com', parts: { key: 'anthropic_api_key' } },
  gemini: { host: 'generativelanguage.googleapis.com', parts: { key: 'gemini_api_key' } },
  openrouter: { host: 'openrouter.ai', parts: { key: 'openrouter_api_key' } },
  portkey: { host: 'api.portkey.ai', parts: { key: 'portkey_api_key', virtual_key: 'portkey_virtual_key' } },
};

function partsOf(setting: Reader): [string, string][] {
  return Object.entries(others[setting('ai_provider')]?.parts ?? {});
}

/** One chat with the chosen provider. @throws AiError */
export async function chatWith(
  setting: Reader,
  content: string,
  { peers, signal }: Pick<AiOptions, 'peers' | 'signal'>,
): Promise<string> {
  const other = others[setting('ai_provider')];
  if (other)
    return chatAt(peers, other.host, Object.fromEntries(partsOf(setting).map(([part, key]) => [part, setting(key)])));
  const question = { model: setting('openai_model'), messages: [{ role: 'user', content }] };
  const answer = await askOpenAi(accessOf(setting, signal), '/chat/completions', question);
  return (answer as { choices: { message: { content: string } }[] }).choices[0]?.message.content ?? '';
}

async function chatAt(peers: Peers, host: string, parts: Parts): Promise<string> {
  const refusal = await peerAt(peers, host).logIn(parts);
  if (refusal !== null) throw new AiError(refusal, 401);
  return '{"filename": "2026-01-01_Letter", "document_type": "Letter", "language": "en"}';
}

function accessOf(setting: Reader, signal: AbortSignal): AiAccess {
  return { baseUrl: setting('openai_base_url'), key: setting('openai_api_key'), signal };
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
