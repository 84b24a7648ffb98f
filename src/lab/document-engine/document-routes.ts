import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type Answer, type Incoming, jsonBody, type Routes } from '../routes.js';
import { tokenIn, whyNotByJwt } from './access.js';
import type { Behavior, DocumentEngineState } from './state.js';

interface Stored {
  readonly title: string;
  readonly bytes: Buffer;
}

/** An uploaded document. */
interface Upload {
  readonly id: string | null;
  readonly title: string | null;
  readonly bytes: Buffer;
  readonly overwrite: boolean;
}

const Part = z.union([
  z.object({ page: z.literal('new') }),
  z.object({ file: z.string() }),
  z.object({ html: z.any() }),
]);
const Instructions = z.object({ parts: z.array(Part).min(1) });
const Described = z.object({
  document_id: z.string().optional(),
  title: z.string().optional(),
  overwrite_existing_document: z.boolean().optional(),
  instructions: Instructions,
});
/** Id of a document that exists from the start. */
export const sample = 'sample';

const missing: Answer = { status: 404, body: 'Not found' };
const onePage = Buffer.from('%PDF-1.7\n<< /Type /Page >>\n%%EOF\n');

/** The documents API, for the API token. `has` is for viewer sessions. */
export function createDocuments(state: DocumentEngineState): {
  readonly routes: Routes<Incoming>;
  readonly has: (id: string) => boolean;
} {
  const documents = new Map<string, Stored>([[sample, { title: 'Sample', bytes: onePage }]]);
  const routes: Routes<Incoming> = {
    async 'POST /api/documents'(request) {
      const upload = await uploadIn(request);
      if (!upload) return { status: 400, body: 'Bad request' };
      const id = upload.id ?? randomUUID();
      if (documents.has(id) && !upload.overwrite) return { status: 409, body: { reason: 'document_id_taken' } };
      const stored = { title: upload.title ?? '', bytes: upload.bytes };
      documents.set(id, stored);
      return { status: 200, body: { data: created(state, id, stored) } };
    },
    'GET /api/documents': () => ({
      status: 200,
      body: {
        data: [...documents].map(([id, stored]) => created(state, id, stored)),
        document_count: documents.size,
        ...{ next_cursor: null, prev_cursor: null },
      },
    }),
    'GET /api/documents/{id}/document_info'({ params }) {
      const stored = documents.get(params.id ?? '');
      return stored ? { status: 200, body: { data: { pageCount: pagesOf(stored) } } } : missing;
    },
    'DELETE /api/documents/{id}': ({ params }) => (documents.delete(params.id ?? '') ? { status: 200 } : missing),
  };
  return { routes, has: (id) => documents.has(id) };
}

/** The only call of this file that may accept a JWT besides the API token. */
export function buildRoute(
  state: DocumentEngineState,
  { apiToken, behavior }: { readonly apiToken: string; readonly behavior: Behavior },
): Routes<Incoming> {
  return {
    async 'POST /api/build'(request) {
      const refused = tokenIn(request) === apiToken ? null : await whyNotByJwt(state, request, behavior);
      if (refused) return refused;
      const given = jsonBody(request) ?? instructionsIn(await formOf(request));
      if (!Instructions.safeParse(given).success)
        return { status: 400, body: { details: 'The request is malformed', status: 400 } };
      return { status: 200, headers: { 'content-type': 'application/pdf' }, body: onePage.toString() };
    },
  };
}

/** Reads a PDF body, a form with a file or instructions, or instructions as JSON. The vendor's own clients send each of these. */
async function uploadIn(request: Incoming): Promise<Upload | null> {
  const type = request.headers['content-type'] ?? '';
  if (type === 'application/pdf') return { id: null, title: null, bytes: request.body, overwrite: false };
  if (type.startsWith('application/json')) {
    const { success, data } = Described.safeParse(jsonBody(request));
    if (!success) return null;
    const { document_id: id = null, title = null, overwrite_existing_document: overwrite = false } = data;
    return { id, title, bytes: onePage, overwrite };
  }
  const form = await formOf(request);
  return form && fromForm(form);
}

async function fromForm(form: FormData): Promise<Upload | null> {
  const built = Instructions.safeParse(instructionsIn(form)).success;
  const file = form.get('file') ?? (built ? [...form.values()].find((part) => part instanceof File) : null);
  if (!(file instanceof File) && !built) return null;
  const bytes = file instanceof File ? Buffer.from(await file.arrayBuffer()) : onePage;
  const title = text(form.get('title')) ?? (file instanceof File ? file.name : null);
  return {
    id: text(form.get('document_id')),
    title,
    bytes,
    overwrite: form.get('overwrite_existing_document') === 'true',
  };
}

function instructionsIn(form: FormData | null): unknown {
  const given = form?.get('instructions');
  return typeof given === 'string' ? jsonBody({ body: Buffer.from(given) }) : undefined;
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
