import { randomUUID } from 'node:crypto';
import type { Answer, Incoming } from '../routes.js';
import { s3Refusal } from './answers.js';
import { callerOf, mayDo, type Unknown } from './caller.js';
import { signedBy } from './signature.js';
import type { AwsState } from './state.js';

const actions: Readonly<Record<string, string>> = {
  PUT: 's3:PutObject',
  GET: 's3:GetObject',
  DELETE: 's3:DeleteObject',
};

/** One bucket of S3, addressed by path. */
export function answerObject(state: AwsState, request: Incoming): Answer {
  const answer = answerOf(state, request);
  return { ...answer, headers: { ...answer.headers, 'x-amz-request-id': randomUUID() } };
}

function answerOf(state: AwsState, request: Incoming): Answer {
  const [, bucket = '', name = ''] = /^\/([^/]+)\/(.+)$/.exec(request.path) ?? [];
  const action = actions[request.method];
  if (action === undefined || name === '')
    return s3Refusal(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.');
  const caller = callerOf(state, request, 's3');
  if (typeof caller === 'string') return unrecognized(caller);
  const notHere = whyNotHere(state, request, bucket);
  if (notHere) return notHere;
  if (!mayDo(state, caller, action)) return s3Refusal(403, 'AccessDenied', 'Access Denied');
  if (request.method === 'PUT') state.arrivals.push({ value: caller.with.id, content: request.body, at: Date.now() });
  return act(state, request, name);
}

function whyNotHere({ bucket: { name, region } }: AwsState, request: Incoming, asked: string): Answer | null {
  if (region !== null && signedBy(request)?.scope.split('/')[1] !== region) return redirect(region);
  return asked === name ? null : s3Refusal(404, 'NoSuchBucket', 'The specified bucket does not exist');
}

function redirect(region: string): Answer {
  const answer = s3Refusal(301, 'PermanentRedirect', 'The bucket must be addressed using another endpoint.');
  return { ...answer, headers: { ...answer.headers, 'x-amz-bucket-region': region } };
}

/** A caller without the right to list the bucket does not learn whether an object exists. */
function act({ bucket: { objects } }: AwsState, { method, body }: Incoming, name: string): Answer {
  if (method === 'PUT') objects.set(name, body);
  if (method === 'DELETE') objects.delete(name);
  const found = objects.get(name);
  if (method === 'GET')
    return found ? { status: 200, body: found.toString() } : s3Refusal(403, 'AccessDenied', 'Access Denied');
  return method === 'DELETE' ? { status: 204 } : { status: 200, headers: { etag: '"lab"' } };
}

function unrecognized(why: Unknown): Answer {
  if (why === 'unsigned') return s3Refusal(403, 'AccessDenied', 'Access Denied');
  if (why === 'expired' || why === 'not yet current')
    return s3Refusal(403, 'RequestTimeTooSkewed', 'The difference between the request time and the time is too large.');
  if (why === 'unknown key')
    return s3Refusal(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.');
  return s3Refusal(
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided.',
  );
}
