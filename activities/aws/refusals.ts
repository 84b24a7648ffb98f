import { CancelledFailure, TemporalFailure } from '@temporalio/common';
import { OutsideError } from '../shared/outside-error.js';
import { permanent } from '../shared/patience.js';

/** Of a key that is new, switched off or deleted, and of a wrong secret: STS says the first, S3 the second. */
const unknownKeys: readonly string[] = ['InvalidClientTokenId', 'InvalidAccessKeyId', 'SignatureDoesNotMatch'];

const throttled: readonly string[] = ['Throttling', 'ThrottlingException', 'RequestLimitExceeded', 'SlowDown'];

/** The client library found nothing to sign with. */
const noCredentials = 'NO_CREDENTIALS';

/** Speaks of a clock, and says nothing of the key. */
const clocks: readonly string[] = ['RequestTimeTooSkewed', 'RequestExpired'];

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

/** The same in words that help, where the managing credentials were used. */
export function ofAdmin(error: unknown): unknown {
  if (isForbidden(error))
    return permanent(
      'Unauthorized',
      `AWS forbids it to Keyturn (${String((error as Error).message)}): keyturn check names the rights that are missing`,
    );
  if (isUnknownKey(error))
    return permanent(
      'Unauthorized',
      'AWS does not know the key that Keyturn signs in with (403): put a valid one where the configuration says',
    );
  if (error instanceof OutsideError && error.code === noCredentials)
    return permanent('Unauthorized', 'this machine is nobody to AWS: give it a role, or configure `admin`');
  return error;
}

function outside(system: string, operation: string, error: unknown): unknown {
  if (error instanceof OutsideError || error instanceof TemporalFailure || error instanceof CancelledFailure)
    return error;
  const status = statusOf(error);
  const code = error instanceof Error && '$fault' in error ? error.name : null;
  if (status === undefined) return new OutsideError(system, operation, { code: noCredentials });
  if (code === null) return new OutsideError(system, operation, { code: `${status} that is not AWS's` });
  if (throttled.includes(code)) return new OutsideError(system, operation, { status: 429 });
  if (clocks.includes(code)) return new OutsideError(system, operation, { code: `${status} that speaks of a clock` });
  return new OutsideError(system, operation, { status, code });
}

function statusOf(error: unknown): number | undefined {
  const metadata = typeof error === 'object' && error !== null && '$metadata' in error ? error.$metadata : undefined;
  const status =
    typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
      ? metadata.httpStatusCode
      : undefined;
  return typeof status === 'number' ? status : undefined;
}
