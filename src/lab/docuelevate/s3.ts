import { signatureHeaders } from '../aws/signature.js';
import { send } from './delivery.js';
import type { DestinationRow } from './destinations.js';

/** The endpoint is in the worker's environment. */
export const s3: DestinationRow = {
  name: 's3',
  title: 'S3',
  needs: ['s3_bucket_name', 'aws_access_key_id', 'aws_secret_access_key'],
  words: (name, why) => `Error uploading ${name} to S3: ${why}`,
  async upload({ name, bytes, setting, env, signal }) {
    const [bucket, id, secret] = ['s3_bucket_name', 'aws_access_key_id', 'aws_secret_access_key'].map(setting);
    if (!bucket) throw new Error('S3 bucket name is not configured');
    if (!id || !secret) throw new Error('AWS credentials are not configured');
    const prefix = setting('s3_folder_prefix').replace(/([^/])$/, '$1/');
    const url = new URL(`${env.get('aws_endpoint_url_s3')}/${bucket}/${prefix}${encodeURIComponent(name)}`);
    const headers = signatureHeaders({ id, secret }, { method: 'PUT', url, body: bytes });
    const { ok, status, text } = await send(url, { method: 'PUT', body: new Uint8Array(bytes), headers, signal });
    if (ok) return { arrived: name };
    const [code, message] = ['Code', 'Message'].map((tag) => new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(text)?.[1]);
    const why = `An error occurred (${code ?? status}) when calling the PutObject operation: ${message ?? text}`;
    throw new Error(`Failed to upload /workdir/processed/${name} to ${bucket}/${prefix}${name}: ${why}`);
  },
};
