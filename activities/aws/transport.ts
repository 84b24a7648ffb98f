import { Readable } from 'node:stream';
import type { IAMClientConfig } from '@aws-sdk/client-iam';
import { type Answer, Http } from '../shared/http.js';
import { notOf } from '../shared/outside-error.js';

type Handler = Extract<NonNullable<IAMClientConfig['requestHandler']>, { handle: unknown }>;

/** What is sent, as far as it is looked at. */
interface Outgoing {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly method: string;
  readonly path: string;
  readonly query?: object | undefined;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

/** Answers that the client library reads itself: refusals are XML, and S3's redirects name a region. What may pass is decided where it is for every system. */
const refusals = Array.from({ length: 100 }, (_, index) => 400 + index);
const readable = [301, 307, ...refusals.filter((status) => status !== 408 && status !== 429)];
const deadlineMs = 10_000; // six fit into the start-to-close timeout

/**
 * The client library's way out of the process: the one door that every system's requests take, with its deadlines, its errors without
 * bodies and its last look at the clock before a change leaves. Tells of each answer when it was given, by AWS's clock (Unix seconds).
 */
export function transportOf(system: string, onAnswer: (providerTime: number | undefined) => void): Handler {
  const transport = {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request: Outgoing) {
      const { protocol, hostname, port, method, path, headers, body } = request;
      const content = typeof body === 'string' ? body : undefined;
      const operation = operationOf(request, content);
      const http = new Http(system, `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`, deadlineMs);
      const query = new URLSearchParams(Object.entries(request.query ?? {})).toString();
      const answer = await http.send({
        ...{ operation, headers, asks: /^(?:get|list|simulate)/.test(operation), allow: readable },
        method: methodOf(method),
        path: query === '' ? path : `${path}?${query}`,
        ...(content !== undefined && { body: content }),
      });
      if (!isOwn(answer, system, content)) throw notOf(system, operation, answer.status);
      onAnswer(answer.providerTime);
      const { status: statusCode, text } = answer;
      const response = { statusCode, headers: texts(answer.headers), body: Readable.from([Buffer.from(text)]) };
      return { response };
    },
    destroy: () => undefined,
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };
  return transport;
}

/** IAM and STS name in their answer what was done, S3 every request. A refusal names its code. What has neither was given by something in between. */
function isOwn({ status, text, headers }: Answer, system: string, content: string | undefined): boolean {
  if (status >= 300) return text.includes('<Code>');
  if (system === 's3') return headers['x-amz-request-id'] !== undefined;
  const action = /^Action=(\w+)/.exec(content ?? '')?.[1] ?? '';
  return text.includes(`<${action}Response`);
}

/** What IAM and STS name in the body, and S3 in the query: `createAccessKey`. */
function operationOf({ query }: Outgoing, content: string | undefined): string {
  const named =
    query && 'x-id' in query ? String(query['x-id']) : (/^Action=(\w+)/.exec(content ?? '')?.[1] ?? 'request');
  return named.charAt(0).toLowerCase() + named.slice(1);
}

function methodOf(method: string): 'GET' | 'PUT' | 'DELETE' | 'POST' {
  const known = (['GET', 'PUT', 'DELETE'] as const).find((each) => each === method);
  return known ?? 'POST';
}

function texts(headers: Answer['headers']): Record<string, string> {
  return Object.fromEntries<string>(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
