import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import { z } from 'zod';
import { type Answer, type Incoming, jsonBody, type Routes } from '../routes.js';
import { checkJwt, nodeOf } from './access.js';
import type { Behavior, DocumentEngineState } from './state.js';

// The requests of the vendor's viewer (@nutrient-sdk/viewer 1.22.0). They are not documented: statuses and reasons follow what the viewer reads.

interface Session {
  readonly document: string;
  readonly layer: string;
  /** The key that signed the token it was opened with. */
  readonly key: string;
  /** The token's id. */
  readonly jti: string | undefined;
}

export interface Viewing {
  readonly state: DocumentEngineState;
  readonly behavior: Behavior;
  /** Whether there is a document with this id. */
  readonly has: (document: string) => boolean;
}

const Auth = z.object({ jwt: z.string() });
const Revocation = z.object({ jwts: z.array(z.string()) });

/** Viewer sessions. A viewer swaps its token for a session, and then does not need the token again. */
export function createSessions({ state, behavior, has }: Viewing): {
  readonly forViewers: Routes<Incoming>;
  /** For the API token. */
  readonly administered: Routes<Incoming>;
} {
  const sessions = new Map<string, Session>();
  const isAlive = ({ key }: Session): boolean =>
    behavior.sessions === 'go-on' || state.live('jwt').some(({ value }) => value === key);
  const forViewers: Routes<Incoming> = {
    async 'POST /i/d/{id}/auth'(request) {
      const asked = Auth.safeParse(jsonBody(request));
      const document = request.params.id ?? '';
      if (!asked.success) return denied('invalid_auth_payload');
      const { flaw, key, payload } = await checkJwt(state, asked.data.jwt, nodeOf(request));
      if (flaw !== null) return denied(flaw === 'exp' ? 'expired_token' : 'invalid_token');
      if (payload['document_id'] !== document || !Array.isArray(payload['permissions']))
        return denied('insufficient_permissions');
      if (!has(document)) return { status: 404, body: { reason: 'document_not_found' } };
      const [token, imageToken, layer] = [randomUUID(), randomUUID(), randomUUID()];
      sessions.set(token, { document, layer, key, jti: payload.jti });
      return { status: 200, body: { token, imageToken, layerHandle: layer, permissions: payload['permissions'] } };
    },
    'GET /i/d/{id}/h/{layer}/document.json'({ headers, params }) {
      const session = sessions.get(String(headers['x-pspdfkit-token']));
      if (!session || session.document !== params.id || session.layer !== params.layer)
        return denied('invalid_auth_token');
      return isAlive(session) ? { status: 200, body: { data: { pages: [{}] } } } : denied('invalid_auth_token');
    },
  };
  const administered: Routes<Incoming> = {
    'POST /api/revoke'(request) {
      const asked = Revocation.safeParse(jsonBody(request));
      if (!asked.success) return { status: 400, body: 'Bad request' };
      const ids = asked.data.jwts.map((jwt) => decodeJwt(jwt).jti);
      for (const [token, { jti }] of sessions) if (jti !== undefined && ids.includes(jti)) sessions.delete(token);
      return { status: 200, body: { result: 'success', data: asked.data.jwts } };
    },
  };
  return { forViewers, administered };
}

function denied(reason: string): Answer {
  return { status: 401, body: { reason } };
}
