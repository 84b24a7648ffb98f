import { randomUUID } from 'node:crypto';
import type { Routes } from '../routes.js';
import type { ApiTokens } from './api-tokens.js';
import type { AuditLog } from './audit-log.js';
import { detail, noContent, ok } from './answers.js';
import type { Database, Moment } from './database.js';
import { createRows, type Owned, type Rows } from './rows.js';
import { ofOwner, type Visit } from './sessions.js';

interface SessionRow extends Owned {
  readonly token: string;
  readonly revoked: boolean;
  readonly createdAt: string;
  readonly lastActiveAt: string;
  readonly expiresAt: string;
}

/** The server's own list of sessions. Few routes check it, so a cookie keeps working after its row was revoked. */
export interface SessionRows {
  /** Returns the row's token, which the cookie contains. */
  begin(owner: string): string;
  /** Whether the row exists and is not revoked. Records the activity. */
  holds(token: string | undefined): boolean;
  end(token: string | undefined): void;
  readonly routes: Routes<Visit>;
}

export interface SessionRowOptions {
  readonly database: Database;
  readonly moment: Moment;
  readonly audit: AuditLog;
  readonly tokens: ApiTokens;
}

const [lifetimeDays, minuteMs] = [30, 60_000];

export function createSessionRows(options: SessionRowOptions): SessionRows {
  const { moment } = options;
  const rows = createRows<SessionRow>(options.database);
  const byToken = (token: string | undefined) => rows.all().find((row) => row.token === token && !row.revoked);
  return {
    begin(owner) {
      const [now, expiresAt, token] = [moment(), moment(lifetimeDays * 86_400_000), randomUUID()];
      return rows.add({ owner, token, revoked: false, createdAt: now, lastActiveAt: now, expiresAt }).token;
    },
    holds(token) {
      const row = byToken(token);
      if (row && row.lastActiveAt < moment(-minuteMs)) rows.change(row, { lastActiveAt: moment() });
      return row !== undefined;
    },
    end(token) {
      const row = byToken(token);
      if (row) rows.change(row, { revoked: true });
    },
    routes: routesOf(rows, options),
  };
}

function routesOf(rows: Rows<SessionRow>, { audit, tokens }: SessionRowOptions): Routes<Visit> {
  const kept = (owner: string) => rows.all().filter((row) => row.owner === owner && !row.revoked);
  return {
    'GET /api/sessions/': ofOwner((owner, { session }) => {
      const newestFirst = kept(owner).toSorted((a, b) => b.lastActiveAt.localeCompare(a.lastActiveAt));
      const sessions = newestFirst.map((row) => view(row, session.data._session_token));
      return ok({ sessions, session_lifetime_days: lifetimeDays });
    }),
    'DELETE /api/sessions/{id}': ofOwner((owner, { params }) => {
      const row = rows.find(params.id);
      if (row?.owner !== owner) return detail(404, 'Session not found');
      rows.change(row, { revoked: true });
      audit.note({ action: 'session_revoked', user: owner, resource_id: String(row.id), details: null });
      return noContent();
    }),
    /** Revokes every other session of the owner, and all API tokens. */
    'POST /api/sessions/revoke-all': ofOwner((owner, { session }) => {
      const others = kept(owner).filter(({ token }) => token !== session.data._session_token);
      for (const row of others) rows.change(row, { revoked: true });
      tokens.revokeAll(owner);
      const [action, revoked_count] = ['revoke_all_sessions', others.length] as const;
      audit.note({ action, user: owner, details: { revoked_count }, severity: 'warning' });
      return ok({ revoked_count, message: `Successfully revoked ${revoked_count} session(s) and all API tokens.` });
    }),
  };
}

function view({ id, token, createdAt, lastActiveAt, expiresAt }: SessionRow, current: string | undefined): object {
  const [created_at, last_active_at, expires_at] = [createdAt, lastActiveAt, expiresAt].map((each) =>
    each.replace('+00:00', 'Z'),
  );
  const device = { device_info: 'Unknown Browser on Unknown', ip_address: '127.0.0.1' };
  return { id, ...device, created_at, last_active_at, expires_at, is_current: token === current };
}
