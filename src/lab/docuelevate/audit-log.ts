import type { Answer, Routes } from '../routes.js';
import { ok, outside, unprocessable } from './answers.js';
import { type Database, naiveSeconds, type Stamp } from './database.js';
import { loggedIn, type Visit } from './sessions.js';

export interface AuditEvent {
  readonly id: number;
  readonly timestamp: string;
  readonly user: string;
  readonly action: 'login' | 'login.failure' | 'logout' | 'session_revoked' | 'revoke_all_sessions';
  readonly resource_type: 'session';
  readonly resource_id: string | null;
  readonly ip_address: string;
  readonly details: object | null;
  readonly severity: 'info' | 'warning';
}

type NewEvent = Pick<AuditEvent, 'user' | 'action' | 'details'> & Partial<AuditEvent>;

/** The engine's audit log. It records only logins, failed logins, logouts and session revocations. */
export interface AuditLog {
  note(event: NewEvent): void;
  readonly routes: Routes<Visit>;
}

export function createAuditLog(database: Database, stamp: Stamp): AuditLog {
  const events: AuditEvent[] = [];
  const values = (name: 'action' | 'user') =>
    loggedIn(() => ok([...new Set(events.map((event) => event[name]))].sort()));
  return {
    note(event) {
      const about = { resource_type: 'session', resource_id: null, ip_address: '127.0.0.1', severity: 'info' } as const;
      events.push({ ...about, id: events.length + 1, timestamp: stamp(), ...event });
    },
    routes: {
      'GET /api/audit-logs': loggedIn(({ query }) => list(events, query, database)),
      'GET /api/audit-logs/actions': values('action'),
      'GET /api/audit-logs/users': values('user'),
    },
  };
}

function list(events: readonly AuditEvent[], query: URLSearchParams, database: Database): Answer {
  const [limit, offset] = [Number(query.get('limit') ?? 50), Number(query.get('offset') ?? 0)];
  const wrong =
    outside(query, 'limit', { least: 1, most: 500 }) ?? notATime(query, 'since') ?? notATime(query, 'until');
  if (wrong) return wrong;
  const wanted = (['action', 'user', 'severity', 'resource_type'] as const).flatMap((name) => {
    const value = query.get(name);
    return value ? [[name, value] as const] : [];
  });
  const [since, until] = ['since', 'until'].map((name) => boundOf(query.get(name)));
  const found = events.filter(
    (event) =>
      (!since || event.timestamp >= since) &&
      (!until || event.timestamp <= until) &&
      wanted.every(([name, is]) => event[name] === is),
  );
  const items = newestFirst(found, query, database).slice(offset, offset + limit);
  return ok({ items, total: found.length, limit, offset });
}

/** Newest first. Within one second, SQLite returns the oldest first when it filters by action or user. */
function newestFirst(events: readonly AuditEvent[], query: URLSearchParams, database: Database): AuditEvent[] {
  const bySearch = database === 'sqlite' && (query.get('action') || query.get('user'));
  const list = bySearch ? events : events.toReversed();
  return list.toSorted((a, b) => b.timestamp.localeCompare(a.timestamp));
}

/** The bound in whole seconds. SQLite's times end there; PostgreSQL's continue, so they sort after it. */
function boundOf(time: string | null): string | null {
  return time ? naiveSeconds(Date.parse(/Z$|[+-]\d\d:\d\d$|^[^T]+$/.test(time) ? time : `${time}Z`)) : null;
}

function notATime(query: URLSearchParams, field: string): Answer | null {
  const input = query.get(field);
  if (input === null || !Number.isNaN(Date.parse(input))) return null;
  const why = 'input is too short';
  const msg = `Input should be a valid datetime or date, ${why}`;
  const problem = { type: 'datetime_from_date_parsing', loc: ['query', field], msg, input, ctx: { error: why } };
  return unprocessable([problem]);
}
