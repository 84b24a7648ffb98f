import { fetch, type RequestInit } from 'undici';

/** An answer, with doors into its JSON that need no casts. */
export interface Reply {
  readonly status: number;
  readonly headers: { get(name: string): string | null; getSetCookie(): string[] };
  readonly text: string;
  /** The JSON of the body. */
  readonly json: unknown;
  /** What is found along the path, or undefined. */
  at(...path: (string | number)[]): unknown;
  /** Like `at`, where only a string will do. */
  string(...path: (string | number)[]): string;
  list(...path: (string | number)[]): unknown[];
}

/** One request; a redirect is an answer like any other. */
export async function call(url: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  const json = parsed(text);
  const at = (...path: (string | number)[]): unknown => path.reduce(child, json);
  return {
    status: response.status,
    headers: response.headers,
    text,
    json,
    at,
    string(...path) {
      const found = at(...path);
      if (typeof found !== 'string') throw new Error(`no text at ${path.join('.')} of ${text}`);
      return found;
    },
    list(...path) {
      const found = at(...path);
      if (!Array.isArray(found)) throw new Error(`no list at ${path.join('.')} of ${text}`);
      return found as unknown[];
    },
  };
}

/** Asks again and again until the condition holds; the test's own timeout ends a vain wait. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 2));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function child(value: unknown, key: string | number): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[key] : undefined;
}
