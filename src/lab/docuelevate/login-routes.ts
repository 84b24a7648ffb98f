import { formFields } from '../forms.js';
import type { Answer, Routes } from '../routes.js';
import { ok, redirect } from './answers.js';
import type { ApiProcess } from './api-process.js';
import type { AuditLog } from './audit-log.js';
import type { LocalUsers } from './local-users.js';
import type { Profiles } from './profiles.js';
import type { SessionRows } from './session-rows.js';
import { administrator, isMultiUser, ownerOf, type User, type Visit } from './sessions.js';

export interface LoginOptions {
  readonly audit: AuditLog;
  readonly rows: SessionRows;
  readonly profiles: Profiles;
  readonly localUsers: LocalUsers;
}

const wrong = 'Invalid+username+or+password';

/** Login, logout and `whoami`. */
export function loginRoutes({ audit, rows, profiles, localUsers }: LoginOptions): Routes<Visit> {
  function admit(user: User, { session }: Visit): Answer {
    const owner = ownerOf(user);
    audit.note({ user: owner, action: 'login', details: { method: 'local' } });
    profiles.ensure(owner, user.name ?? owner, user.is_admin);
    session.change({ ...session.data, user, _session_token: rows.begin(owner) });
    return redirect('/onboarding'); // until the user has completed it
  }
  function refuse(user: string, reason: string): Answer {
    const about = { action: 'login.failure', severity: 'warning' } as const;
    audit.note({ ...about, user: user || 'anonymous', details: { method: 'local', reason } });
    const error = reason === 'account_not_verified' ? 'Please+verify+your+email+address+before+logging+in' : wrong;
    return redirect(`/login?error=${error}`);
  }
  return {
    'GET /login': ({ session }) => page(session.data.csrf_token),
    'POST /auth'(visit) {
      const fields = formFields(visit);
      const [username, password] = [fields.get('username') ?? '', fields.get('password') ?? ''];
      const local = isMultiUser(visit.api) ? localUsers.signIn(username, password) : null;
      if (typeof local === 'string') return refuse(username, local);
      const user = local ?? adminNamed(visit.api, username, password);
      return user ? admit(user, visit) : refuse(username, 'invalid_credentials');
    },
    'GET /logout'({ session }) {
      const { csrf_token, user, _session_token } = session.data;
      audit.note({ user: user?.preferred_username ?? 'unknown', action: 'logout', details: null });
      rows.end(_session_token);
      session.change({ csrf_token });
      return redirect('/login?message=You+have+been+logged+out+successfully');
    },
    'GET /api/auth/whoami'({ user, session }) {
      const nobody = { error: 'Not authenticated' };
      if (!user) return { status: 401, body: nobody };
      if (!session.data.user || rows.holds(session.data._session_token)) return ok(user);
      session.change({ csrf_token: session.data.csrf_token });
      return ok(nobody);
    },
  };
}

/** The name is case-insensitive, the password is not. A password in the database overrides the environment's at once. */
function adminNamed(api: ApiProcess, username: string, password: string): User | null {
  const name = api.current('admin_username') ?? '';
  if (!name || !password || name.toLowerCase() !== username.toLowerCase()) return null;
  return password === api.current('admin_password') ? administrator(username) : null;
}

function page(token: string): Answer {
  const fields = `<input type="hidden" name="csrf_token" value="${token}"><input name="username"><input name="password">`;
  const body = `<!doctype html><title>Login</title><form method="post" action="/auth">${fields}</form>`;
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}
