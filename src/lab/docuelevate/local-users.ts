import { createHash } from 'node:crypto';
import { type Answer, jsonBody, type Routes } from '../routes.js';
import { created, detail, noContent, ok, textProblems, unprocessable } from './answers.js';
import type { Database, Stamp } from './database.js';
import { reasonOf } from './delivery.js';
import { mailTo } from './mail.js';
import type { Peers } from './peers.js';
import type { Profiles } from './profiles.js';
import { createRows, type Rows } from './rows.js';
import { adminOnly, asRecord, given, type User, type Visit } from './sessions.js';

interface LocalUser {
  readonly id: number;
  readonly email: string;
  readonly username: string;
  readonly display_name: string | null;
  readonly is_active: boolean;
  readonly is_admin: boolean;
  readonly created_at: string;
  readonly password: string;
}

/** Why a user may not sign in, in the words of the audit log. */
export type Refusal = 'account_not_verified' | 'wrong_password';

/** Accounts with their own password. They are used only with several users. */
export interface LocalUsers {
  /** By user name or e-mail address, case-insensitive; null when there is no such user. */
  signIn(name: string, password: string): User | Refusal | null;
  readonly routes: Routes<Visit>;
}

export interface LocalUserOptions {
  readonly database: Database;
  readonly stamp: Stamp;
  readonly profiles: Profiles;
  readonly peers: Peers;
}

export function createLocalUsers(options: LocalUserOptions): LocalUsers {
  const rows = createRows<LocalUser>(options.database);
  return {
    signIn(name, password) {
      const is = (each: string): boolean => each.toLowerCase() === name.toLowerCase();
      const user = rows.all().find(({ username, email }) => is(username) || is(email));
      if (!user) return null;
      if (!user.is_active) return 'account_not_verified';
      return user.password === password ? sessionUser(user) : 'wrong_password';
    },
    routes: {
      'GET /api/admin/users/local': adminOnly(() => {
        const newestFirst = rows.all().toSorted((a, b) => b.created_at.localeCompare(a.created_at));
        return ok(newestFirst.map(view));
      }),
      'POST /api/admin/users/local': adminOnly((visit) => create(rows, visit, options)),
      ...single(rows, options),
      'POST /api/profile/change-password': changePassword,
    },
  };
}

function create(rows: Rows<LocalUser>, visit: Visit, { stamp, profiles }: LocalUserOptions): Answer {
  const body = asRecord(jsonBody(visit));
  const problems = textProblems(body, { email: 0, username: 3, password: 8 });
  if (problems.length > 0) return unprocessable(problems);
  const {
    email = '',
    username = '',
    password = '',
    display_name = null,
    is_admin = false,
  } = body as Partial<LocalUser>;
  if (rows.all().some((each) => each.email === email)) return detail(409, 'Email already registered.');
  if (rows.all().some((each) => each.username === username)) return detail(409, 'Username already taken.');
  profiles.ensure(email, display_name ?? username, false);
  const account = { email, username, password, display_name, is_admin };
  return created(view(rows.add({ ...account, is_active: true, created_at: stamp() })));
}

function single(rows: Rows<LocalUser>, { profiles, peers }: LocalUserOptions): Routes<Visit> {
  const one = (handle: (user: LocalUser, visit: Visit) => Answer | Promise<Answer>) =>
    adminOnly((visit) => {
      const user = rows.find(visit.params.id);
      return user ? handle(user, visit) : detail(404, 'Local user not found.');
    });
  return {
    'PATCH /api/admin/users/local/{id}': one((user, visit) => {
      const change = given<LocalUser>(visit, ['email', 'is_active', 'is_admin', 'display_name']);
      return ok(view(rows.change(user, change)));
    }),
    'POST /api/admin/users/local/{id}/set-password': one((user, visit) => {
      const problems = textProblems(asRecord(jsonBody(visit)), { password: 8 });
      if (problems.length > 0) return unprocessable(problems);
      rows.change(user, { ...given<LocalUser>(visit, ['password']), is_active: true }); // also reactivates the user
      return ok({ updated: true, email: user.email });
    }),
    'POST /api/admin/users/local/{id}/send-password-reset': one(async ({ email }, { api }) => {
      const setting = (part: string): string => api.current(`email_${part}`) ?? '';
      if (!setting('host')) return ok({ sent: false, reason: 'SMTP is not configured on this server.' });
      const login = { username: setting('username'), password: setting('password') };
      return mailTo(peers, `${setting('host')}:${setting('port')}`, login).then(
        () => ok({ sent: true, email }),
        (error: unknown) => ok({ sent: false, reason: reasonOf(error) }),
      );
    }),
    'DELETE /api/admin/users/local/{id}': one((user) => {
      profiles.remove(user.email);
      rows.remove(user);
      return noContent();
    }),
  };
}

/** Always refused: the engine looks for the e-mail address among the user names. */
function changePassword(visit: Visit): Answer {
  const fields = { current_password: 1, new_password: 8, new_password_confirm: 8 };
  const problems = textProblems(asRecord(jsonBody(visit)), fields);
  if (problems.length > 0) return unprocessable(problems);
  return detail(403, 'Password change is only available for local accounts.');
}

function view({ id, email, username, display_name, is_active, is_admin, created_at }: LocalUser): object {
  return { id, email, username, display_name, is_active, is_admin, created_at };
}

function sessionUser({ email, username, display_name, is_admin }: LocalUser): User {
  const hash = createHash('md5').update(email.toLowerCase()).digest('hex');
  const picture = `https://www.gravatar.com/avatar/${hash}?d=identicon`;
  const names = { sub: email, id: email, email, preferred_username: username, name: display_name ?? username };
  return { ...names, picture, is_admin, auth_method: 'local' };
}
