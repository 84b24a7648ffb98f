import type { Answer, Incoming } from '../routes.js';
import type { PaperlessState, User } from './state.js';

/** The API versions of a release. The first is the default. */
export interface Release {
  readonly name: string;
  readonly versions: readonly number[];
}

/** Release 3 introduced version 10, where a task's status is lowercase: clients that wait for `SUCCESS` wait in vain. */
export const releases = {
  2: { name: '2.20.0', versions: [9, 8, 7] },
  3: { name: '3.0.5', versions: [10, 9] },
} as const satisfies Record<number, Release>;

export function detail(status: number, text: string): Answer {
  return { status, body: { detail: text } };
}

/** JSON, even for a plain text. */
export function ok(body: unknown): Answer {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

export const html = { 'content-type': 'text/html; charset=utf-8' };

export const forbidden = detail(403, 'You do not have permission to perform this action.');

/** The requested version; null for one that the release does not have. */
export function versionOf({ headers }: Incoming, { versions }: Release): number | null {
  const asked = /version=([^;,]*)/.exec(headers.accept ?? '')?.[1];
  return versions.find((each) => asked === undefined || String(each) === asked) ?? null;
}

const byToken = { 'www-authenticate': 'Token' };
const byPassword = { 'www-authenticate': 'Basic realm="api"' };

function refused(text: string, headers: Record<string, string> = byToken): Answer {
  return { ...detail(401, text), headers };
}

/** The user, by password or token, or the refusal. */
export function signIn(state: PaperlessState, request: Incoming): User | Answer {
  const [scheme = '', ...rest] = (request.headers.authorization ?? '').trimStart().split(' ');
  const given = rest.join(' ').trim();
  if (scheme.toLowerCase() === 'basic') return byBasic(state, given);
  if (scheme.toLowerCase() !== 'token') return refused('Authentication credentials were not provided.');
  if (given === '') return refused('Invalid token header. No credentials provided.');
  if (given.includes(' ')) return refused('Invalid token header. Token string should not contain spaces.');
  const token = state.find(given, request);
  if (!token) return refused('Invalid token.');
  return token.user.active ? token.user : refused('User inactive or deleted.');
}

function byBasic({ users }: PaperlessState, encoded: string): User | Answer {
  const [name, ...password] = Buffer.from(encoded, 'base64').toString().split(':');
  const user = users.find((each) => each.name === name && each.active && each.password === password.join(':'));
  if (!user) return refused('Invalid username/password.', byPassword);
  return user.mfaCode === null ? user : refused('MFA required', byPassword);
}

export function may(user: User, right: string): boolean {
  return user.superuser || user.rights.includes(right);
}
