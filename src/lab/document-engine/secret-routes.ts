import { z } from 'zod';
import { type Answer, type Incoming, jsonBody, type Routes } from '../routes.js';
import { type Behavior, type DocumentEngineState, type SecretType, secretTypes } from './state.js';

const Added = z.object({ secret: z.string().min(1), expiresAt: z.iso.datetime({ offset: true }) });
const Rotated = z.object({ secret: z.string().min(1) });
const Expiry = z.object({ expiresAt: z.iso.datetime({ offset: true }) });

const done: Answer = { status: 200 };
const bad: Answer = { status: 400, body: 'Bad request' };
const missing: Answer = { status: 404, body: 'Not found' };

/** The secrets API. No answer contains a value, and only the list contains ids. */
export function secretRoutes(state: DocumentEngineState, behavior: Behavior): Routes<Incoming> {
  const expire = ofType(({ type, id, body }) => {
    const asked = Expiry.safeParse(body);
    if (!asked.success) return bad;
    const changed = state.expire(type, id, asked.data.expiresAt);
    return changed === undefined ? missing : changed ? done : bad;
  });
  const change = (method: Behavior['change']) => (request: Incoming) =>
    behavior.change === method ? expire(request) : { status: behavior.otherChange, body: 'No such method' };
  return {
    'GET /api/secrets/{type}': ofType(({ type }) => ({
      status: 200,
      body: state.list(type).map(({ id, expiresAt }) => ({ id, expiresAt })),
    })),
    'POST /api/secrets/{type}': ofType(({ type, body }) => {
      const asked = Added.safeParse(body);
      return asked.success && state.add(type, asked.data.secret, asked.data.expiresAt) ? done : bad;
    }),
    'POST /api/secrets/{type}/rotate': ofType(({ type, body }) => {
      const asked = Rotated.safeParse(body);
      return asked.success && state.rotate(type, asked.data.secret) ? done : bad;
    }),
    'PATCH /api/secrets/{type}/{id}': change('PATCH'),
    'POST /api/secrets/{type}/{id}': change('POST'),
  };
}

interface Asked {
  readonly type: SecretType;
  readonly id: number;
  readonly body: unknown;
}

function ofType(answer: (asked: Asked) => Answer): (request: Incoming) => Answer {
  return (request) => {
    const type = secretTypes.find((each) => each === request.params.type);
    return type ? answer({ type, id: Number(request.params.id), body: jsonBody(request) }) : missing;
  };
}
