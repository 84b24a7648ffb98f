import type { Clock } from '../clock.js';
import type { Routes } from '../routes.js';
import { type ApiTokens, createApiTokens } from './api-tokens.js';
import { createAuditLog } from './audit-log.js';
import { createMoments, type Database, type Stamp } from './database.js';
import type { Documents } from './documents.js';
import { createIntegrations, type Integrations } from './integrations.js';
import { createLocalUsers } from './local-users.js';
import { loginRoutes } from './login-routes.js';
import { createMailboxes, type Mailboxes } from './mailboxes.js';
import type { Peers } from './peers.js';
import { createProfiles } from './profiles.js';
import { scheduledJobRoutes } from './scheduled-jobs.js';
import { createSessionRows } from './session-rows.js';
import type { Visit } from './sessions.js';
import { webhookRoutes } from './webhooks.js';

export interface AccountOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly stamp: Stamp;
  readonly documents: Documents;
  readonly peers: Peers;
  /** Ends all activity. */
  readonly signal: AbortSignal;
}

/** The engine's users, and everything that belongs to them. */
export interface Accounts {
  readonly tokens: ApiTokens;
  readonly integrations: Integrations;
  readonly mailboxes: Mailboxes;
  readonly routes: Routes<Visit>;
}

export function createAccounts({ database, clock, stamp, documents, peers, signal }: AccountOptions): Accounts {
  const kept = { database, stamp, moment: createMoments(database, clock), peers, signal };
  const audit = createAuditLog(database, stamp);
  const profiles = createProfiles({ ...kept, documents });
  const localUsers = createLocalUsers({ ...kept, profiles });
  const tokens = createApiTokens(kept);
  const rows = createSessionRows({ ...kept, audit, tokens });
  const integrations = createIntegrations({ ...kept, profiles });
  const mailboxes = createMailboxes({ ...kept, profiles });
  const routes = {
    ...loginRoutes({ audit, rows, profiles, localUsers }),
    ...audit.routes,
    ...tokens.routes,
    ...rows.routes,
    ...localUsers.routes, // before the profiles, whose `{user}` would match them as well
    ...profiles.routes,
    ...integrations.routes,
    ...mailboxes.routes,
    ...webhookRoutes(database),
    ...scheduledJobRoutes(stamp, kept.moment),
  };
  return { tokens, integrations, mailboxes, routes };
}
