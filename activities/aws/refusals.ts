import { TemporalFailure } from '@temporalio/common';
import { z } from 'zod';
import { notOf, OutsideError } from '../shared/outside-error.js';
import { passing, permanent } from '../shared/failures.js';
import { doubted } from '../shared/propagation.js';
import { regionShape } from './section.js';

/** Codes for a key that is new, inactive or deleted: the first is from STS, the second from S3. */
const unknownKeys = ['InvalidClientTokenId', 'InvalidAccessKeyId'];

/** Codes for a known, active id with a wrong secret, or for a request that was changed on the way. */
const misfits = ['SignatureDoesNotMatch', 'InvalidSignatureException'];

const throttled = ['Throttling', 'ThrottlingException', 'RequestLimitExceeded', 'SlowDown'];

/** The client library found no credentials to sign with. */
const noCredentials = 'NO_CREDENTIALS';

/** Codes about a clock, never about the key. */
const clocks = ['RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture'];

/** IAM and STS report a wrong clock as a signature that does not match: https://github.com/aws/aws-sdk-js/issues/401 */
const ofClocks = /^Signature (?:expired|not yet current)/;

/** Codes for a bucket in another region: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const elsewhere = [
  'PermanentRedirect',
  'TemporaryRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
];

/** Codes for an AWS account that is closed or has not paid. */
const accountTrouble = ['AllAccessDisabled', 'AccountProblem', 'NotSignedUp'];

/** A service's name for people, such as `AWS IAM`. */
export function serviceName(system: string): string {
  return `AWS ${system.toUpperCase()}`;
}

/** Runs a call of the client library. Its errors become an OutsideError with AWS's own code, and never AWS's message. */
export function told<T>(system: string, operation: string, call: () => Promise<T>): Promise<T> {
  return call().catch((error: unknown) => {
    throw outside(system, operation, error);
  });
}

/** Whether AWS itself does not know the key. */
export function isUnknownKey(error: unknown): boolean {
  return isRefusal(error, unknownKeys);
}

export function isForbidden(error: unknown): boolean {
  return isRefusal(error, ['AccessDenied', 'AccessDeniedException']);
}

/** Whether the key or the user does not exist. */
export function isGone(error: unknown): boolean {
  return error instanceof OutsideError && error.code === 'NoSuchEntityException';
}

/** Whether AWS knows the key's id but the signature does not match. That is no verdict on the key. */
export function isMisfit(error: unknown): boolean {
  return isRefusal(error, misfits);
}

function isRefusal(error: unknown, codes: readonly string[]): boolean {
  return error instanceof OutsideError && error.status === 403 && codes.includes(error.code ?? '');
}

/** Turns a refusal of the managing credentials into a failure that says what to do. */
export function ofAdmin(error: unknown, propagationMs: number): unknown {
  if (isForbidden(error))
    return permanent(
      'Unauthorized',
      `AWS forbids this to Keyturn (${String((error as Error).message)}): keyturn check names the missing permissions`,
    );
  if (isUnknownKey(error))
    return doubted('AWS does not know the key that Keyturn signs in with (403): configure a valid one', propagationMs);
  if (isMisfit(error))
    return permanent(
      'Unauthorized',
      'AWS knows the id of the key that Keyturn signs in with, but its secret is wrong (403): configure the right one',
    );
  if (error instanceof OutsideError && error.code === noCredentials)
    return permanent('Unauthorized', 'no AWS credentials on this machine: attach a role, or set provider.admin');
  return error;
}

function outside(system: string, operation: string, error: unknown): unknown {
  if (error instanceof OutsideError || error instanceof TemporalFailure) return error;
  const status = Answered.safeParse(error).data?.$metadata.httpStatusCode;
  const code = error instanceof Error && '$fault' in error ? error.name : null;
  const name = serviceName(system);
  if (status === undefined) return new OutsideError(name, operation, { code: noCredentials });
  if (code === null) return notOf(name, operation, status);
  return (
    byCode(code, error) ??
    new OutsideError(name, operation, throttled.includes(code) ? { status: 429 } : { status, code })
  );
}

const Answered = z.object({ $metadata: z.object({ httpStatusCode: z.number() }) });

function byCode(code: string, error: unknown): Error | null {
  if (elsewhere.includes(code)) return inAnotherRegion(error);
  if (isOfClock(code, error)) return ofClock(error);
  return accountTrouble.includes(code) ? permanent('Rejected', `the AWS account takes no requests (${code})`) : null;
}

function isOfClock(code: string, error: unknown): boolean {
  return clocks.includes(code) || (misfits.includes(code) && error instanceof Error && ofClocks.test(error.message));
}

const Dated = z.object({ $response: z.object({ headers: z.object({ date: z.string() }) }) });

/** A wrong clock on this machine; the answer's date shows by how much. It is no verdict on the key, and it is retried. */
function ofClock(error: unknown): Error {
  const { data } = Dated.safeParse(error);
  const aheadMs = Date.now() - Date.parse(data?.$response.headers.date ?? '');
  const minutes = Math.round(Math.abs(aheadMs) / 60_000);
  const wrong = Number.isNaN(aheadMs) ? 'wrong' : `${minutes} minutes ${aheadMs > 0 ? 'fast' : 'slow'}`;
  return passing(`this machine's clock is ${wrong}, compared with AWS's, so AWS refuses every signature (403): set it`);
}

const Redirect = z.object({
  $response: z.object({ headers: z.object({ 'x-amz-bucket-region': z.string().regex(regionShape) }) }),
});

/** A header of the answer names the region. Nothing else of the answer is passed on. */
function inAnotherRegion(error: unknown): Error {
  const { data } = Redirect.safeParse(error);
  const region = data?.$response.headers['x-amz-bucket-region'];
  const where = region === undefined ? 'is in another region than the configured one' : `is in ${region}`;
  return permanent('Rejected', `the bucket ${where}: configure its region`);
}
