import { type Answer, jsonBody, type Routes } from '../routes.js';
import { created, detail, noContent, ok, textProblems, unprocessable } from './answers.js';
import type { Database } from './database.js';
import { createRows } from './rows.js';
import { adminOnly, asRecord, type Visit } from './sessions.js';

interface Webhook {
  readonly id: number;
  readonly url: string;
  readonly events: readonly string[];
  readonly is_active: boolean;
  readonly description: string | null;
  /** Never shown. */
  readonly secret: string | null;
}

const events: readonly string[] = [
  'document.failed',
  'document.metadata_updated',
  'document.processed',
  'document.routed',
  'document.uploaded',
  'user.payment_issue',
  'user.plan_changed',
  'user.signup',
];

/** Webhooks that the engine would call. The lab calls none. */
export function webhookRoutes(database: Database): Routes<Visit> {
  const rows = createRows<Webhook>(database);
  const one = (handle: (row: Webhook, visit: Visit) => Answer) =>
    adminOnly((visit) => {
      const row = rows.find(visit.params.id);
      return row ? handle(row, visit) : detail(404, 'Webhook not found');
    });
  return {
    'GET /api/webhooks/': adminOnly(() => ok(rows.all().map(view))),
    'GET /api/webhooks/events/': adminOnly(() => ok(events)),
    'POST /api/webhooks/': adminOnly((visit) => {
      const body = asRecord(jsonBody(visit));
      const problems = textProblems(body, { url: 1 });
      if (problems.length > 0) return unprocessable(problems);
      const plain = { events: [], is_active: true, description: null, secret: null };
      return created(view(rows.add({ ...plain, ...body } as unknown as Webhook)));
    }),
    'GET /api/webhooks/{id}': one((row) => ok(view(row))),
    'PUT /api/webhooks/{id}': one((row, visit) => ok(view(rows.change(row, asRecord(jsonBody(visit)))))),
    'DELETE /api/webhooks/{id}': one((row) => {
      rows.remove(row);
      return noContent();
    }),
  };
}

function view({ id, url, events: wanted, is_active, description, secret }: Webhook): object {
  return { id, url, events: wanted, is_active, description, has_secret: Boolean(secret) };
}
