import { Readable } from 'node:stream';
import type { IAMClientConfig } from '@aws-sdk/client-iam';
import { type Answer, Http } from '../shared/http.js';
import { notOf } from '../shared/outside-error.js';
import { serviceName } from './refusals.js';

type Handler = Extract<NonNullable<IAMClientConfig['requestHandler']>, { handle: unknown }>;

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

/** Statuses that the client library reads itself: refusals are XML, and S3's redirects name a region. Retryable ones are handled as for every system. */
const refusals = Array.from({ length: 100 }, (_, index) => 400 + index);
const readable = [301, 307, ...refusals.filter((status) => status !== 408 && status !== 429)];
const deadlineMs = 10_000; // six fit into the start-to-close timeout

/**
 * The client library's transport. It uses the same HTTP client as every other system: timeouts, errors without bodies, and the lease
 * check before a change is sent. `onAnswer` gets the time of each answer, by AWS's clock (Unix seconds).
 */
export function transportOf(system: string, onAnswer: (providerTime: number | undefined) => void): Handler {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request: Outgoing) {
      const { protocol, hostname, port, method, path, headers } = request;
      const content = typeof request.body === 'string' ? request.body : undefined;
      const operation = operationOf(request, content);
      const address = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;
      const http = new Http(serviceName(system), address, deadlineMs);
      const query = new URLSearchParams(Object.entries(request.query ?? {})).toString();
      const answer = await http.send({
        ...{ operation, headers, asks: /^(?:get|list|simulate)/.test(operation), allow: readable },
        method: (['GET', 'PUT', 'DELETE'] as const).find((each) => each === method) ?? 'POST',
        path: query === '' ? path : `${path}?${query}`,
        ...(content !== undefined && { body: content }),
      });
      if (!isOwn(answer, system, content)) throw notOf(serviceName(system), operation, answer.status);
      onAnswer(answer.providerTime);
      const body = Readable.from([Buffer.from(answer.text)]);
      return { response: { statusCode: answer.status, headers: texts(answer.headers), body } };
    },
    destroy: () => undefined,
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };
}

/**
 * Whether the answer is AWS's own. IAM and STS name the action in it, S3 a request id, and a refusal has a code. Any other answer comes
 * from something in between.
 */
function isOwn({ status, text, headers }: Answer, system: string, content: string | undefined): boolean {
  if (status >= 300) return text.includes('<Code>');
  if (system === 's3') return headers['x-amz-request-id'] !== undefined;
  return text.includes(`<${actionIn(content) ?? ''}Response`);
}

function actionIn(content: string | undefined): string | undefined {
  return /^Action=(\w+)/.exec(content ?? '')?.[1];
}

/** The operation, such as `createAccessKey`: IAM and STS have it in the body, S3 in the query. */
function operationOf({ query }: Outgoing, content: string | undefined): string {
  const named = query && 'x-id' in query ? String(query['x-id']) : (actionIn(content) ?? 'request');
  return named.charAt(0).toLowerCase() + named.slice(1);
}

function texts(headers: Answer['headers']): Record<string, string> {
  return Object.fromEntries<string>(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
