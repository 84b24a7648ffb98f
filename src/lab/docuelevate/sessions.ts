import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { Clock } from '../clock.js';
import { formFields } from '../forms.js';
import { type Answer, type Handler, type Incoming, jsonBody } from '../routes.js';
import { detail, redirect } from './answers.js';
import type { ApiProcess } from './api-process.js';

export interface User {
  readonly id: string;
  readonly email: string;
  readonly preferred_username: string;
  readonly is_admin: boolean;
  readonly name?: string;
  readonly picture?: string;
  /** Set for a local user. */
  readonly sub?: string;
  readonly auth_method?: 'local';
  /** Id of the API token that the request uses. */
  readonly _api_token_id?: number;
}

/** The administrator from the environment, under any name. */
export function administrator(preferred_username: string): User {
  const email = `${preferred_username}@local.docuelevate`;
  const picture = '/static/images/default-avatar.svg';
  return { id: 'admin', name: 'Administrator', email, preferred_username, picture, is_admin: true };
}

/** The owner of the user's rows: for a local user the e-mail address. */
export function ownerOf({ sub, preferred_username }: User): string {
  return sub ?? preferred_username;
}

/** Whether documents and integrations have owners, and local users may sign in. */
export function isMultiUser(api: ApiProcess): boolean {
  return /^(true|1|yes)$/i.test(api.current('multi_user_enabled') ?? '');
}

/** The content of the cookie: signed, but readable by anybody. */
export interface SessionData {
  readonly csrf_token: string;
  readonly user?: User;
  /** Token of the server's own row of the session, which few routes check. */
  readonly _session_token?: string;
}

export interface Session {
  readonly data: SessionData;
  /** Replaces the data. A cookie is sent only after a change. */
  change(data: SessionData): void;
  readonly changed: boolean;
}

/** A request with its session and user. */
export interface Visit extends Incoming {
  readonly session: Session;
  /** The cookie's user, else the Bearer token's owner, who is never an admin. */
  readonly user: User | null;
  /** The process that serves the request. */
  readonly api: ApiProcess;
}

export interface Sessions {
  sessionOf(request: Incoming): Session;
  /** Value of the Set-Cookie header, when there is something to send. */
  cookie(session: Session): string | null;
  /** Invalidates every cookie sent so far. */
  expireAll(): void;
}

const lifetimeSeconds = 2_592_000;

export function createSessions(clock: Clock): Sessions {
  let secret = newSecret();
  const sign = (text: string): string => createHmac('sha256', secret).update(text).digest('base64url');

  function read(cookie: string | undefined): SessionData | null {
    const [data = '', issued = '', signature] = (cookie ?? '').split('.');
    if (signature !== sign(`${data}.${issued}`)) return null;
    if (clock() / 1000 - Number(issued) > lifetimeSeconds) return null;
    return jsonBody({ body: Buffer.from(data, 'base64') }) as SessionData; // our own signature is on it
  }

  return {
    sessionOf(request) {
      const known = read(/(?:^|;\s*)session=([^;]*)/.exec(request.headers.cookie ?? '')?.[1]);
      return newSession(known ?? { csrf_token: randomBytes(32).toString('hex') }, known === null);
    },
    cookie(session) {
      if (!session.changed) return null;
      const data = Buffer.from(JSON.stringify(session.data)).toString('base64');
      const signed = `${data}.${Math.floor(clock() / 1000)}`;
      return `session=${signed}.${sign(signed)}; path=/; Max-Age=${lifetimeSeconds}; HttpOnly; SameSite=lax`;
    },
    expireAll() {
      secret = newSecret();
    },
  };
}

function newSession(initial: SessionData, fresh: boolean): Session {
  let data = initial;
  let changed = fresh;
  return {
    get data() {
      return data;
    },
    get changed() {
      return changed;
    },
    change(next) {
      data = next;
      changed = true;
    },
  };
}

/** Refuses a change without the session's CSRF token, before its handler runs. Any Bearer header, valid or not, skips this check. */
export function csrfProblem(request: Incoming, session: Session): Answer | null {
  if (!['POST', 'PUT', 'DELETE', 'PATCH'].includes(request.method)) return null;
  if (request.headers.authorization?.startsWith('Bearer ')) return null;
  const submitted = request.headers['x-csrf-token'] ?? formFields(request).get('csrf_token');
  if (submitted === session.data.csrf_token) return null;
  if (request.path.startsWith('/api/')) return detail(403, 'CSRF token missing or invalid');
  return redirect('/login?error=Invalid+request');
}

/** Requires an admin's cookie. Only the cookie counts, even when its session was revoked. */
export function adminOnly(handle: Handler<Visit>): Handler<Visit> {
  return (visit) => (visit.session.data.user?.is_admin ? handle(visit) : detail(403, 'Admin access required'));
}

/** Requires any user. */
export function loggedIn(handle: Handler<Visit>): Handler<Visit> {
  return (visit) => (visit.user ? handle(visit) : { status: 401, body: { error: 'Not authenticated' } });
}

/** Requires any user, and passes the owner of the requested rows to the handler. */
export function ofOwner(handle: (owner: string, visit: Visit) => Answer | Promise<Answer>): Handler<Visit> {
  return (visit) => (visit.user ? handle(ownerOf(visit.user), visit) : detail(401, 'Not authenticated'));
}

export function asRecord(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : {};
}

/** The named fields of a body, unless they are missing or null. */
export function given<R extends object>(visit: Visit, names: readonly (keyof R & string)[]): Partial<R> {
  const body = Object.entries(asRecord(jsonBody(visit)));
  return Object.fromEntries(
    body.filter(([name, value]) => names.some((each) => each === name) && value !== null),
  ) as Partial<R>;
}

/** A KeyObject, since a Buffer would be converted for each signature. */
function newSecret(): KeyObject {
  return createSecretKey(randomBytes(32));
}
