import { signatureHeaders } from '../aws/signature.js';

/** How the engine uploads to S3: where, with which pair, until when. */
export interface S3Access {
  readonly endpoint: string;
  readonly bucket: string;
  readonly id: string;
  readonly secret: string;
  readonly signal: AbortSignal;
}

/** Throws an error that shows what S3 said, as the engine's client library does. */
export async function uploadTo({ endpoint, bucket, id, secret, signal }: S3Access, name: string, bytes: Buffer) {
  if (id === '' || secret === '') throw new Error('AWS credentials are not configured');
  const url = new URL(`${endpoint}/${bucket}/documents/${encodeURIComponent(name)}`);
  const headers = signatureHeaders({ id, secret }, { method: 'PUT', url, body: bytes });
  const response = await fetch(url, { method: 'PUT', body: new Uint8Array(bytes), headers, signal });
  if (!response.ok) throw new Error(`S3 upload failed (${response.status}): ${await response.text()}`);
}
