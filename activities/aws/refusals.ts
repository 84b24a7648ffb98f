import { CancelledFailure, TemporalFailure } from '@temporalio/common';
import { z } from 'zod';
import { OutsideError } from '../shared/outside-error.js';
import { passing, permanent } from '../shared/failures.js';
import { doubted } from '../shared/propagation.js';
import { regionShape } from './account.js';

/** Of a key that is new, switched off or deleted: STS says the first, S3 the second. */
const unknownKeys: readonly string[] = ['InvalidClientTokenId', 'InvalidAccessKeyId'];

/** The id is known and active: the secret does not fit, or something on the way has changed the request. */
const misfits: readonly string[] = ['SignatureDoesNotMatch', 'InvalidSignatureException'];

const throttled: readonly string[] = ['Throttling', 'ThrottlingException', 'RequestLimitExceeded', 'SlowDown'];

/** The client library found nothing to sign with. */
const noCredentials = 'NO_CREDENTIALS';

/** Speaks of a clock, and says nothing of the key. */
const clocks: readonly string[] = ['RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture'];

/** IAM and STS say it in the words of a signature that does not match: https://github.com/aws/aws-sdk-js/issues/401 */
const ofClocks = /^Signature (?:expired|not yet current)/;

/** A bucket elsewhere: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const elsewhere: readonly string[] = [
  'PermanentRedirect',
  'TemporaryRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
];

/** The AWS account itself is closed, or does not pay. */
const accountTrouble: readonly string[] = ['AllAccessDisabled', 'AccountProblem', 'NotSignedUp'];

/** Runs a call of the client library; what it throws is told by system, operation and status, with AWS's own code to look at and never its words. */
export async function told<T>(system: string, operation: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw outside(system, operation, error);
  }
}

/** Whether AWS itself does not know the key that was asked with. */
export function isUnknownKey(error: unknown): boolean {
  return error instanceof OutsideError && error.status === 403 && unknownKeys.includes(error.code ?? '');
}

export function isForbidden(error: unknown): boolean {
  return error instanceof OutsideError && error.status === 403 && /^AccessDenied(?:Exception)?$/.test(error.code ?? '');
}

/** Of a key that does not exist, and of a user. */
export function isGone(error: unknown): boolean {
  return error instanceof OutsideError && error.code === 'NoSuchEntityException';
}

/** Whether AWS knows the id that was asked with, and the signature does not fit: it says nothing of whether the key works. */
export function isMisfit(error: unknown): boolean {
  return error instanceof OutsideError && error.status === 403 && misfits.includes(error.code ?? '');
}

/** The same in words that help, where the managing credentials were used. */
export function ofAdmin(error: unknown, propagationMs: number): unknown {
  if (isForbidden(error))
    return permanent(
      'Unauthorized',
      `AWS forbids it to Keyturn (${String((error as Error).message)}): keyturn check names the rights that are missing`,
    );
  if (isUnknownKey(error))
    return doubted(
      'AWS does not know the key that Keyturn signs in with (403): put a valid one where the configuration says',
      propagationMs,
    );
  if (isMisfit(error))
    return permanent(
      'Unauthorized',
      'AWS knows the id of the key that Keyturn signs in with, and its secret does not fit (403): put the right one where the configuration says',
    );
  if (error instanceof OutsideError && error.code === noCredentials)
    return permanent('Unauthorized', 'no AWS credentials on this machine: attach a role, or set provider.admin');
  return error;
}

function outside(system: string, operation: string, error: unknown): unknown {
  if (error instanceof OutsideError || error instanceof TemporalFailure || error instanceof CancelledFailure)
    return error;
  const status = statusOf(error);
  const code = error instanceof Error && '$fault' in error ? error.name : null;
  if (status === undefined) return new OutsideError(system, operation, { code: noCredentials });
  if (code === null) return new OutsideError(system, operation, { code: `${status} that is not AWS's` });
  return (
    byCode(code, error) ??
    new OutsideError(system, operation, throttled.includes(code) ? { status: 429 } : { status, code })
  );
}

/** What is to be done about a refusal that speaks neither of a key nor of rights. */
function byCode(code: string, error: unknown): Error | null {
  if (elsewhere.includes(code)) return inAnotherRegion(error);
  if (isOfClock(code, error)) return ofClock(error);
  return accountTrouble.includes(code) ? permanent('Rejected', `the AWS account takes no requests (${code})`) : null;
}

function isOfClock(code: string, error: unknown): boolean {
  return clocks.includes(code) || (misfits.includes(code) && error instanceof Error && ofClocks.test(error.message));
}

const Dated = z.object({ $response: z.object({ headers: z.object({ date: z.string() }) }) });

/** By how much, is told by the answer's own date. It says nothing of the key, and a clock is put right by somebody else: asked again. */
function ofClock(error: unknown): Error {
  const { data } = Dated.safeParse(error);
  const aheadMs = Date.now() - Date.parse(data?.$response.headers.date ?? '');
  const minutes = Math.round(Math.abs(aheadMs) / 60_000);
  const wrong = Number.isNaN(aheadMs) ? 'wrong' : `${minutes} minutes ${aheadMs > 0 ? 'fast' : 'slow'}`;
  return passing(`this machine's clock is ${wrong}, by AWS's, so AWS refuses every signature (403): set it right`);
}

const Redirect = z.object({
  $response: z.object({ headers: z.object({ 'x-amz-bucket-region': z.string().regex(regionShape) }) }),
});

/** The answer's header names the region; nothing else of it is passed on. */
function inAnotherRegion(error: unknown): Error {
  const { data } = Redirect.safeParse(error);
  const region = data?.$response.headers['x-amz-bucket-region'];
  const where = region === undefined ? 'is in another region than the configured one' : `is in ${region}`;
  return permanent('Rejected', `the bucket ${where}: write its region into the configuration`);
}

function statusOf(error: unknown): number | undefined {
  const metadata = typeof error === 'object' && error !== null && '$metadata' in error ? error.$metadata : undefined;
  const status =
    typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
      ? metadata.httpStatusCode
      : undefined;
  return typeof status === 'number' ? status : undefined;
}
