import { request } from 'undici';
import { jsonBody, type Incoming } from '../../src/lab/routes.js';
import { serve } from '../../src/lab/server.js';

/** A request and what was answered, bodies included. */
export interface Overheard {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly answer: unknown;
}

export interface Wiretap {
  readonly url: string;
  /** Everything in order. */
  readonly overheard: readonly Overheard[];
  stop(): Promise<void>;
}

/** Stands before a lab and listens: labs themselves forget bodies. */
export async function startWiretap(lab: string): Promise<Wiretap> {
  const overheard: Overheard[] = [];
  const server = await serve(async (incoming) => {
    const { method, path, query } = incoming;
    const { status, text } = await handOn(lab, incoming);
    const body = jsonBody(incoming) ?? null;
    overheard.push({ method, path, query: Object.fromEntries(query), body, answer: JSON.parse(text) });
    return { status, headers: { 'content-type': 'application/json' }, body: text };
  }, {});
  return { url: server.url, overheard, stop: () => server.stop() };
}

/** What was asked, to be compared. */
export function sent(overheard: Overheard | undefined): Omit<Overheard, 'answer'> | undefined {
  if (!overheard) return undefined;
  const { method, path, query, body } = overheard;
  return { method, path, query, body };
}

async function handOn(lab: string, { method, path, query, headers, body }: Incoming) {
  const { authorization = '', 'content-type': type = 'application/json' } = headers;
  const answer = await request(`${lab}${path}?${query.toString()}`, {
    method: method as 'GET',
    headers: { authorization, 'content-type': type },
    body: method === 'POST' ? body : null,
  });
  return { status: answer.statusCode, text: await answer.body.text() };
}
