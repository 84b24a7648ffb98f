import { signatureHeaders } from '../aws/signature.js';
import { endOf, hasAll } from './delivery.js';
import type { Destination, DestinationOptions } from './destinations.js';
import type { Task } from './tasks.js';

/** One document to upload to S3, and the endpoint from the worker's environment. */
interface S3Upload {
  readonly name: string;
  readonly bytes: Buffer;
  readonly signal: AbortSignal;
  readonly endpoint: string;
}

export function s3({ env, signal }: DestinationOptions): Destination {
  return {
    name: 's3',
    title: 'S3',
    configured: (task) => hasAll(task, ['s3_bucket_name', 'aws_access_key_id', 'aws_secret_access_key']),
    upload(task, { name, bytes }) {
      const upload = uploadToS3(task, { name, bytes, signal, endpoint: env.get('aws_endpoint_url_s3') ?? '' });
      return endOf(upload, name, (why) => `Error uploading ${name} to S3: ${why}`);
    },
  };
}

/** Uses the id and secret at the start of the task. Throws an error in the words of the engine's client library. */
async function uploadToS3(task: Task, { name, bytes, signal, endpoint }: S3Upload): Promise<void> {
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
