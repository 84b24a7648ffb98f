import type { Incoming } from '../routes.js';
import type { Problem } from './answers.js';
import type { Upload } from './documents.js';

/** A multipart body. */
export interface UploadForm {
  /** The field `file`; null when it is missing or not a file. */
  readonly upload: Upload | null;
  /** Text of a field; empty when there is none. */
  text(field: string): string;
}

/** Reads a multipart body; anything else is an empty form. */
export async function readForm({ headers, body }: Incoming): Promise<UploadForm> {
  const type = headers['content-type'] ?? '';
  const response = new Response(new Uint8Array(body), { headers: { 'content-type': type } });
  const form = await response.formData().catch(() => new FormData());
  const file = form.get('file');
  return {
    upload: file instanceof File ? await uploadOf(file) : null,
    text(field) {
      const value = form.get(field);
      return typeof value === 'string' ? value : '';
    },
  };
}

async function uploadOf(file: File): Promise<Upload> {
  return { name: file.name, type: file.type, bytes: Buffer.from(await file.arrayBuffer()) };
}

export function missing(field: string): Problem {
  return { type: 'missing', loc: ['body', field], msg: 'Field required', input: null };
}
