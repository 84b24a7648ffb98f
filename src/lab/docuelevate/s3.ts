import { signatureHeaders } from '../aws/signature.js';
import type { Task } from './tasks.js';

/** One document on its way to S3, and where the worker's environment says S3 is. */
export interface S3Upload {
  readonly name: string;
  readonly bytes: Buffer;
  readonly signal: AbortSignal;
  readonly endpoint: string;
}

/** Both halves of the pair are those of the task's beginning. Throws an error in the words of the engine's client library. */
export async function uploadToS3(task: Task, { name, bytes, signal, endpoint }: S3Upload): Promise<void> {
  const [bucket, id, secret] = ['s3_bucket_name', 'aws_access_key_id', 'aws_secret_access_key'].map(task.value);
  if (!bucket) throw new Error('S3 bucket name is not configured');
  if (!id || !secret) throw new Error('AWS credentials are not configured');
  const prefix = task.value('s3_folder_prefix').replace(/([^/])$/, '$1/');
  const url = new URL(`${endpoint}/${bucket}/${prefix}${encodeURIComponent(name)}`);
  const headers = signatureHeaders({ id, secret }, { method: 'PUT', url, body: bytes });
  const response = await fetch(url, { method: 'PUT', body: new Uint8Array(bytes), headers, signal });
  if (response.ok) return;
  const text = await response.text();
  const [code, message] = ['Code', 'Message'].map((tag) => new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(text)?.[1]);
  const why = `An error occurred (${code ?? response.status}) when calling the PutObject operation: ${message ?? text}`;
  throw new Error(`Failed to upload /workdir/processed/${name} to ${bucket}/${prefix}${name}: ${why}`);
}
