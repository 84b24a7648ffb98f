import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type Answer, type Incoming, jsonBody, type Routes } from '../routes.js';
import { tokenIn, whyNotByJwt } from './access.js';
import type { DocumentEngineState } from './state.js';

interface Stored {
  readonly title: string;
  readonly bytes: Buffer;
}

const Instructions = z.object({ parts: z.array(z.object({ page: z.literal('new').optional() })).min(1) });
const missing: Answer = { status: 404, body: 'Not found' };

/** Documents, for the API token. */
export function documentRoutes(state: DocumentEngineState): Routes<Incoming> {
  const documents = new Map<string, Stored>();
  return {
    async 'POST /api/documents'(request) {
      const form = await formOf(request);
      const file = form?.get('file');
      if (!form || !(file instanceof File)) return { status: 400, body: 'Bad request' };
      const id = text(form.get('document_id')) ?? randomUUID();
      if (documents.has(id) && form.get('overwrite_existing_document') !== 'true')
        return { status: 409, body: { reason: 'document_id_taken' } };
      const stored = { title: text(form.get('title')) ?? file.name, bytes: Buffer.from(await file.arrayBuffer()) };
      documents.set(id, stored);
      return { status: 200, body: { data: created(state, id, stored) } };
    },
    'GET /api/documents/{id}/document_info'({ params }) {
      const stored = documents.get(params.id ?? '');
      return stored ? { status: 200, body: { data: { pageCount: pagesOf(stored) } } } : missing;
    },
    'DELETE /api/documents/{id}': ({ params }) => (documents.delete(params.id ?? '') ? { status: 200 } : missing),
  };
}

/** The one call here that takes a JWT, besides the API token. */
export function buildRoute(state: DocumentEngineState, apiToken: string): Routes<Incoming> {
  return {
    async 'POST /api/build'(request) {
      const refused = tokenIn(request) === apiToken ? null : await whyNotByJwt(state, request);
      if (refused) return refused;
      if (!Instructions.safeParse(jsonBody(request)).success)
        return { status: 400, body: { details: 'The request is malformed', status: 400 } };
      return { status: 200, headers: { 'content-type': 'application/pdf' }, body: '%PDF-1.7\n%%EOF\n' };
    },
  };
}

function created(state: DocumentEngineState, document_id: string, { title, bytes }: Stored): object {
  const sourcePdfSha256 = createHash('sha256').update(bytes).digest('hex');
  const createdAt = new Date(state.now()).toISOString();
  return { document_id, title, sourcePdfSha256, createdAt, errors: [], password_protected: false };
}

function pagesOf({ bytes }: Stored): number {
  return bytes.toString('latin1').match(/\/Type \/Page\b(?!s)/g)?.length ?? 0;
}

async function formOf({ headers, body }: Incoming): Promise<FormData | null> {
  const type = headers['content-type'] ?? '';
  if (!type.startsWith('multipart/form-data')) return null;
  return new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
}

function text(value: File | string | null): string | null {
  return typeof value === 'string' ? value : null;
}
