import { randomBytes } from 'node:crypto';
import { type Answer, type Incoming, jsonBody, type Routes } from '../routes.js';
import { created, detail, ok, textProblems, unprocessable } from './answers.js';
import type { Database, Moment, Stamp } from './database.js';
import { createRows, type Owned, type Rows } from './rows.js';
import { asRecord, ofOwner, type User, type Visit } from './sessions.js';

interface ApiToken extends Owned {
  readonly name: string;
  readonly value: string;
  readonly active: boolean;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
  readonly lastUsedIp: string | null;
}

/** API tokens of users. They outlive passwords, accounts and sessions, and never have admin rights. */
export interface ApiTokens {
  /** Returns the token, which is shown only once. */
  create(owner: string, name: string): string;
  /** The user of the request's token. Records the use. */
  userOf(request: Incoming): User | null;
  revokeAll(owner: string): void;
  readonly routes: Routes<Visit>;
}

export interface TokenOptions {
  readonly database: Database;
  readonly stamp: Stamp;
  readonly moment: Moment;
}

const dayMs = 86_400_000;

export function createApiTokens(options: TokenOptions): ApiTokens {
  const { moment } = options;
  const rows = createRows<ApiToken>(options.database);
  const table = { rows, ...operations(rows, options) };
  return {
    create: (owner, name) => table.add(owner, name).value,
    userOf({ headers }) {
      const value = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
      const token = rows.all().find((each) => each.value === value && each.active);
      if (!token || (token.expiresAt !== null && token.expiresAt < moment())) return null;
      const [lastUsedIp = ''] = String(headers['x-forwarded-for'] ?? '127.0.0.1').split(',');
      const { id, owner } = rows.change(token, { lastUsedAt: moment(), lastUsedIp });
      return { id: owner, email: owner, preferred_username: owner, is_admin: false, _api_token_id: id };
    },
    revokeAll: (owner) =>
      rows
        .all()
        .filter((each) => each.owner === owner && each.active)
        .forEach(table.revoke),
    routes: { ...lists(rows), ...changes(table) },
  };
}

function operations(rows: Rows<ApiToken>, { stamp, moment }: TokenOptions) {
  return {
    add(owner: string, name: string, days?: number): ApiToken {
      const [value, expiresAt] = [`de_${randomBytes(32).toString('base64url')}`, days ? moment(days * dayMs) : null];
      const unused = { revokedAt: null, lastUsedAt: null, lastUsedIp: null };
      return rows.add({ owner, name, value, active: true, createdAt: stamp(), expiresAt, ...unused });
    },
    revoke: (token: ApiToken): unknown => rows.change(token, { active: false, revokedAt: moment() }),
  };
}

function lists(rows: Rows<ApiToken>): Routes<Visit> {
  const list = (mobile: boolean) =>
    ofOwner((owner) => {
      const own = rows.all().filter((each) => each.owner === owner && each.name.startsWith('Mobile App') === mobile);
      return ok(own.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt)).map(view));
    });
  return { 'GET /api/api-tokens/': list(false), 'GET /api/api-tokens/mobile': list(true) };
}

type Table = ReturnType<typeof operations> & { readonly rows: Rows<ApiToken> };

function changes({ rows, ...table }: Table): Routes<Visit> {
  const mine = (handle: (token: ApiToken) => Answer) =>
    ofOwner((owner, { params }) => {
      const token = rows.find(params.id);
      return token?.owner === owner ? handle(token) : detail(404, 'Token not found');
    });
  return {
    'POST /api/api-tokens/': ofOwner((owner, visit) => {
      const body = asRecord(jsonBody(visit));
      const problems = textProblems(body, { name: 1 });
      if (problems.length > 0) return unprocessable(problems);
      const { expires_in_days: days } = body;
      const token = table.add(owner, String(body.name), typeof days === 'number' ? days : undefined);
      return created({ ...view(token), token: token.value });
    }),
    'DELETE /api/api-tokens/{id}': mine((token) => {
      if (token.active) table.revoke(token);
      else rows.remove(token);
      return ok({ detail: token.active ? 'Token revoked' : 'Token deleted' });
    }),
    'POST /api/api-tokens/{id}/reactivate': mine((token) => {
      if (token.active) return detail(400, 'Token is already active');
      return ok(view(rows.change(token, { active: true, revokedAt: null })));
    }),
  };
}

function view({ id, name, value, active: is_active, lastUsedIp: last_used_ip, ...times }: ApiToken): object {
  const [created_at, revoked_at, expires_at, last_used_at] = [
    times.createdAt,
    times.revokedAt,
    times.expiresAt,
    times.lastUsedAt,
  ].map((each) => each?.replace('+00:00', 'Z') ?? null);
  const token_prefix = value.slice(0, 12);
  return { id, name, token_prefix, is_active, last_used_at, last_used_ip, created_at, revoked_at, expires_at };
}
