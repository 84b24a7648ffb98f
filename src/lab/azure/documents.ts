import { randomUUID } from 'node:crypto';
import type { Answer, Handler, Incoming, Routes } from '../routes.js';
import type { AzureState } from './state.js';

/** Each API version has its own path. A wrong combination is answered with 404, whatever the key. */
const versions = { documentintelligence: '2024-11-30', formrecognizer: '2023-07-31' } as const;

/** The data plane, which a document engine calls with a key. */
export function documentRoutes(state: AzureState): Routes<Incoming> {
  const results = new Map<string, string>();
  const calls = (base: keyof typeof versions): Routes<Incoming> => ({
    [`GET /${base}/info`]: () => ok({ customDocumentModels: { count: 0, limit: 20000 } }),
    [`GET /${base}/operations`]: () => ok({ value: [] }),
    [`POST /${base}/documentModels/{model}:analyze`]({ headers, params: { model = '' } }) {
      const id = randomUUID();
      results.set(id, model);
      const location = `http://${headers.host}/${base}/documentModels/${model}/analyzeResults/${id}`;
      return { status: 202, headers: { 'operation-location': `${location}?api-version=${versions[base]}` } };
    },
    [`GET /${base}/documentModels/{model}/analyzeResults/{id}`]: ({ params: { id = '' } }) =>
      results.has(id)
        ? ok({ status: 'succeeded', analyzeResult: { modelId: results.get(id), content: 'KEYTURN' } })
        : gone,
    [`GET /${base}/documentModels/{model}/analyzeResults/{id}/pdf`]: ({ params: { id = '' } }) =>
      results.has(id) ? { status: 200, body: '%PDF-1.7 with text' } : gone,
  });
  const guarded = Object.entries(versions).flatMap(([base, version]) =>
    Object.entries(calls(base as keyof typeof versions)).map(
      ([route, handle]) => [route, withKey(state, version, handle)] as const,
    ),
  );
  return Object.fromEntries(guarded);
}

function withKey(state: AzureState, version: string, handle: Handler<Incoming>): Handler<Incoming> {
  return (request) => {
    if (request.query.get('api-version') !== version) return gone;
    const value = request.headers['ocp-apim-subscription-key'];
    if (state.account.localAuthDisabled)
      return refusal(403, 'AuthenticationTypeDisabled', 'Key based authentication is disabled for this resource.');
    if (typeof value !== 'string' || !state.works(value, request)) return denied;
    const limit = state.limit();
    if (limit) return limit === 'rate' ? tooFast : usedUp;
    if (state.fails(request.body.toString('latin1')))
      return refusal(500, 'InternalServerError', 'An unexpected error occurred.');
    if (request.method === 'POST') state.arrivals.push({ value, content: request.body, at: Date.now() });
    return handle(request);
  };
}

const tooFast = {
  ...refusal(
    429,
    '429',
    'Requests have exceeded the call rate limit of your pricing tier. Please retry after 1 second.',
  ),
  headers: { 'retry-after': '1' },
};
const usedUp = {
  ...refusal(403, '403', 'Out of call volume quota for this tier. Please retry after 2 days. To increase it, upgrade.'),
  headers: { 'retry-after': '186688' },
};
const gone = refusal(404, '404', 'Resource not found');
const denied = refusal(
  401,
  '401',
  'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription.',
);

function ok(body: unknown): Answer {
  return { status: 200, body };
}

function refusal(status: number, code: string, message: string): Answer {
  return { status, body: { error: { code, message } } };
}
