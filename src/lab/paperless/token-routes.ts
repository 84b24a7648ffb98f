import { formFields } from '../forms.js';
import { type Answer, type Incoming, jsonBody } from '../routes.js';
import { detail, ok } from './answers.js';
import type { PaperlessState, User } from './state.js';

/** Returns the user's token, and creates one only when there is none. Allows five requests a minute per address, valid or not. */
export function tokenRoute(state: PaperlessState): (request: Incoming) => Answer {
  return (request) => {
    const waits = state.throttle(String(request.headers['x-forwarded-for'] ?? '127.0.0.1'));
    if (waits !== null) {
      const answer = detail(429, `Request was throttled. Expected available in ${waits} seconds.`);
      return { ...answer, headers: { 'retry-after': String(waits) } };
    }
    const fields = fieldsOf(request);
    const problems = ['username', 'password'].flatMap((name) => problem(name, fields[name]));
    if (problems.length > 0) return { status: 400, body: Object.fromEntries(problems) };
    const user = state.users.find((each) => each.name === fields['username']);
    const whyNot = whyNotByPassword(user, fields);
    if (!user || whyNot !== null) return { status: 400, body: { non_field_errors: [whyNot] } };
    return ok({ token: (state.tokenOf(user) ?? state.replaceToken(user)).value });
  };
}

type Fields = Readonly<Record<string, string | undefined>>;

function whyNotByPassword(user: User | undefined, { password, code }: Fields): string | null {
  if (!user?.active || user.password !== password) return 'Unable to log in with provided credentials.';
  if (user.mfaCode === null || code === user.mfaCode) return null;
  return code ? 'Invalid MFA code' : 'MFA code is required';
}

function fieldsOf(request: Incoming): Fields {
  const json = jsonBody(request);
  if (typeof json === 'object' && json !== null) return json as Record<string, string>;
  return Object.fromEntries(formFields(request));
}

function problem(name: string, value: string | undefined): [string, string[]][] {
  if (value === undefined) return [[name, ['This field is required.']]];
  return value === '' ? [[name, ['This field may not be blank.']]] : [];
}

const mask = '*'.repeat(89);

/** The user's own profile, including the token. */
export function profile(state: PaperlessState, user: User): Answer {
  const names = { email: '', password: mask, first_name: '', last_name: '' };
  const rest = { social_accounts: [], has_usable_password: true, is_mfa_enabled: user.mfaCode !== null };
  return ok({ ...names, auth_token: state.tokenOf(user)?.value ?? null, ...rest });
}

/** Changes the password. A mask changes nothing. The token stays valid. Returns the error for a refused password. */
export function changePassword(user: User, password: unknown): Answer | null {
  if (typeof password !== 'string' || /^\*+$/.test(password)) return null;
  const problems = problemsOf(password);
  if (problems.length > 0) return { status: 400, body: { password: problems } };
  user.password = password;
  return null;
}

function problemsOf(password: string): string[] {
  if (password === '') return ['This field may not be blank.'];
  return [
    ...(password.length < 8 ? ['This password is too short. It must contain at least 8 characters.'] : []),
    ...(['password', '12345', '12345678'].includes(password) ? ['This password is too common.'] : []),
    ...(/^\d+$/.test(password) ? ['This password is entirely numeric.'] : []),
  ];
}

/** A user as an administrator sees it. */
export function userView({ id, name, superuser, active, rights, mfaCode }: User): object {
  return {
    ...{ id, username: name, email: '', password: mask, first_name: '', last_name: '' },
    ...{ date_joined: '2026-01-01T00:00:00.000000Z', is_staff: superuser, is_active: active, is_superuser: superuser },
    ...{ groups: [], user_permissions: rights, inherited_permissions: [], is_mfa_enabled: mfaCode !== null },
  };
}
