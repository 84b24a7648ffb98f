import type { Incoming } from '../routes.js';
import { isSignedWith, isSkewed, type Service, type Signed, signedBy } from './signature.js';
import type { AccessKey, AwsState, Session, User } from './state.js';

/** The caller, identified by the signature. */
export interface Caller {
  readonly user: User;
  /** The key or session that signed the request. */
  readonly with: AccessKey | Session;
}

/** Why a caller is not recognized. Each service has its own error for it. */
export type Unknown = 'unsigned' | 'unknown key' | 'wrong signature' | 'expired' | 'not yet current';

/** Identifies the caller. A key that is not yet propagated, deactivated or deleted is as unknown as one that never existed. */
export function callerOf(state: AwsState, request: Incoming, service: Service): Caller | Unknown {
  const signed = signedBy(request);
  if (!signed || signed.service !== service) return 'unsigned';
  const known = ownerOf(state, signed, request);
  if (!known) return 'unknown key';
  const skew = isSkewed(request, Date.now() + state.aheadMs);
  if (skew) return skew;
  if (!isSignedWith(known.secret, request, signed)) return 'wrong signature';
  if ('lastUse' in known) known.lastUse.note({ at: state.now(), service });
  return { user: known.user, with: known };
}

/** Whether the caller may perform an action. A session may be denied because of its issue time. */
export function mayDo({ now }: Pick<AwsState, 'now'>, { user, with: by }: Caller, action: string): boolean {
  const { denial } = user;
  const isDenied =
    'issuedAt' in by && !by.ofRole && denial !== null && denial.knownAt <= now() && by.issuedAt < denial.before;
  return !isDenied && user.actions.includes(action);
}

function ownerOf(state: AwsState, { keyId, service }: Signed, request: Incoming): AccessKey | Session | undefined {
  const session = state.sessions.find(({ id }) => id === keyId);
  if (session) return session.token === request.headers['x-amz-security-token'] ? session : undefined;
  return state.keys.find((key) => key.id === keyId && state.accepts(key, service, request));
}
