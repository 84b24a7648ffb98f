import { stringify } from 'yaml';
import type { Handler, Incoming } from '../routes.js';
import type { Behavior } from './state.js';
import { secretTypes } from './state.js';

const answers = { responses: { 200: { description: 'Done.' } } };

/** `GET /api/upstream.yml`: the engine's OpenAPI description, which the vendor's MCP client reads at its start. Only the part about secrets. */
export function description(behavior: Behavior): Handler<Incoming> {
  return () => {
    const secretType = { name: 'secretType', in: 'path', schema: { type: 'string', enum: [...secretTypes] } };
    const change = { [behavior.change.toLowerCase()]: answers };
    const tokens = behavior.upstreamJwt === 'taken' ? [{ JWT: [] }] : [];
    const text = {
      openapi: '3.1.0',
      info: { title: 'Nutrient Document Engine API', version: '1.9.0' },
      paths: {
        '/api/secrets/{secretType}': { parameters: [secretType], get: answers, post: answers },
        '/api/secrets/{secretType}/rotate': { post: answers },
        '/api/secrets/{secretType}/{secretId}': change,
        '/api/build': { post: { ...answers, security: [{ ApiAuthToken: [] }, ...tokens] } },
      },
    };
    return { status: 200, headers: { 'content-type': 'application/yaml' }, body: stringify(text) };
  };
}
