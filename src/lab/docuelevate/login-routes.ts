import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import { formFields } from '../forms.js';
import type { Answer, Routes } from '../routes.js';
import { ok, redirect, unprocessable } from './answers.js';
import { loggedIn, type User, type Visit } from './sessions.js';
import { naiveSeconds, type Settings } from './settings.js';

interface AuditEvent {
  readonly id: number;
  readonly timestamp: string;
  readonly user: string;
  readonly action: 'login' | 'login.failure' | 'logout';
  readonly resource_type: 'session';
  readonly resource_id: null;
  readonly ip_address: string;
  readonly details: null;
  readonly severity: 'info' | 'warning';
}

/** Logging in and out, who one is, and the audit log, which knows of nothing else. */
export function loginRoutes(settings: Settings, clock: Clock): Routes<Visit> {
  const events: AuditEvent[] = [];
  const revoked = new Set<string | undefined>();

  function note(user: string, action: AuditEvent['action']): void {
    const about = { resource_type: 'session', resource_id: null, ip_address: '127.0.0.1', details: null } as const;
    const severity = action === 'login.failure' ? 'warning' : 'info';
    events.push({ id: events.length + 1, timestamp: naiveSeconds(clock()), user, action, ...about, severity });
  }

  return {
    'GET /login': ({ session }) => page(session.data.csrf_token),
    'POST /auth'(visit) {
      const fields = formFields(visit);
      const username = fields.get('username') ?? '';
      const user = adminNamed(settings, username, fields.get('password') ?? '');
      note(username, user ? 'login' : 'login.failure');
      if (!user) return redirect('/login?error=Invalid+username+or+password');
      const first = events.filter((event) => event.action === 'login').length === 1;
      visit.session.change({ ...visit.session.data, user, _session_token: randomUUID() });
      return redirect(first ? '/onboarding' : '/upload');
    },
    'GET /logout'({ session }) {
      const { csrf_token, user, _session_token } = session.data;
      if (user) note(user.preferred_username, 'logout');
      revoked.add(_session_token);
      session.change({ csrf_token });
      return redirect('/login?message=You+have+been+logged+out');
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
function adminNamed(settings: Settings, username: string, password: string): User | null {
  const name = settings.current('admin_username') ?? '';
  if (!name || !password || name.toLowerCase() !== username.toLowerCase()) return null;
  if (password !== settings.current('admin_password')) return null;
  return { id: 'admin', preferred_username: name, is_admin: true };
}

function page(token: string): Answer {
  const fields = `<input type="hidden" name="csrf_token" value="${token}"><input name="username"><input name="password">`;
  const body = `<!doctype html><title>Login</title><form method="post" action="/auth">${fields}</form>`;
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}

function listEvents(events: readonly AuditEvent[], query: URLSearchParams): Answer {
  const limit = Number(query.get('limit') ?? 50);
  const offset = Number(query.get('offset') ?? 0);
  if (!(limit >= 1 && limit <= 500))
    return unprocessable([{ type: 'out_of_range', loc: ['query', 'limit'], msg: '1 to 500', input: limit }]);
  const [action, user, since] = [query.get('action'), query.get('user'), query.get('since') ?? ''];
  const found = events.filter(
    (event) => (!action || event.action === action) && (!user || event.user === user) && event.timestamp >= since,
  );
  return ok({ items: found.toReversed().slice(offset, offset + limit), total: found.length, limit, offset });
}
