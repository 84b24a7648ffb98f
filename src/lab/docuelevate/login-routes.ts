import { randomUUID } from 'node:crypto';
import { formFields } from '../forms.js';
import type { Answer, Routes } from '../routes.js';
import { ok, outside, redirect, unprocessable } from './answers.js';
import type { ApiProcess } from './api-process.js';
import type { Stamp } from './database.js';
import { loggedIn, type User, userNamed, type Visit } from './sessions.js';

interface AuditEvent {
  readonly id: number;
  readonly timestamp: string;
  readonly user: string;
  readonly action: 'login' | 'login.failure' | 'logout';
  readonly resource_type: 'session';
  readonly resource_id: null;
  readonly ip_address: string;
  readonly details: object | null;
  readonly severity: 'info' | 'warning';
}

/** Logging in and out, who one is, and the audit log, which knows of nothing else. */
export function loginRoutes(stamp: Stamp): Routes<Visit> {
  const events: AuditEvent[] = [];
  const revoked = new Set<string | undefined>();

  function note(user: string, action: AuditEvent['action']): void {
    const about = { resource_type: 'session', resource_id: null, ip_address: '127.0.0.1' } as const;
    const failed = action === 'login.failure';
    const details = { method: 'local', ...(failed ? { reason: 'invalid_credentials' } : {}) };
    const [id, severity] = [events.length + 1, failed ? 'warning' : 'info'] as const;
    events.push({ id, timestamp: stamp(), user, action, ...about, details, severity });
  }

  return {
    'GET /login': ({ session }) => page(session.data.csrf_token),
    'POST /auth'(visit) {
      const fields = formFields(visit);
      const username = fields.get('username') ?? '';
      const user = adminNamed(visit.api, username, fields.get('password') ?? '');
      note(username, user ? 'login' : 'login.failure');
      if (!user) return redirect('/login?error=Invalid+username+or+password');
      visit.session.change({ ...visit.session.data, user, _session_token: randomUUID() });
      return redirect('/onboarding'); // until somebody has gone through it
    },
    'GET /logout'({ session }) {
      const { csrf_token, user, _session_token } = session.data;
      if (user) note(user.preferred_username, 'logout');
      revoked.add(_session_token);
      session.change({ csrf_token });
      return redirect('/login?message=You+have+been+logged+out+successfully');
    },
    'GET /api/auth/whoami'({ user, session }) {
      const nobody = { error: 'Not authenticated' };
      if (!user) return { status: 401, body: nobody };
      return ok(revoked.has(session.data._session_token) && session.data.user ? nobody : user);
    },
    'GET /api/audit-logs': loggedIn(({ query }) => listEvents(events, query)),
  };
}

/** The name in any case, the password exactly; a password in the database makes the environment's useless at once. */
function adminNamed(api: ApiProcess, username: string, password: string): User | null {
  const name = api.current('admin_username') ?? '';
  if (!name || !password || name.toLowerCase() !== username.toLowerCase()) return null;
  if (password !== api.current('admin_password')) return null;
  return userNamed(name, true);
}

function page(token: string): Answer {
  const fields = `<input type="hidden" name="csrf_token" value="${token}"><input name="username"><input name="password">`;
  const body = `<!doctype html><title>Login</title><form method="post" action="/auth">${fields}</form>`;
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}

function listEvents(events: readonly AuditEvent[], query: URLSearchParams): Answer {
  const [limit, offset] = [Number(query.get('limit') ?? 50), Number(query.get('offset') ?? 0)];
  const wrong = outside(query, 'limit', { least: 1, most: 500 }) ?? notATime(query);
  if (wrong) return wrong;
  const wanted = (['action', 'user', 'severity'] as const).flatMap((name) => {
    const value = query.get(name);
    return value ? [[name, value] as const] : [];
  });
  const since = (query.get('since') ?? '').replace(/Z$/, '');
  const found = events.filter((event) => event.timestamp >= since && wanted.every(([name, is]) => event[name] === is));
  return ok({ items: found.toReversed().slice(offset, offset + limit), total: found.length, limit, offset });
}

function notATime(query: URLSearchParams): Answer | null {
  const input = query.get('since');
  if (input === null || !Number.isNaN(Date.parse(input))) return null;
  const why = 'input is too short';
  const msg = `Input should be a valid datetime or date, ${why}`;
  const problem = { type: 'datetime_from_date_parsing', loc: ['query', 'since'], msg, input, ctx: { error: why } };
  return unprocessable([problem]);
}
