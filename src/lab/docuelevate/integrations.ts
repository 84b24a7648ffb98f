import { type Answer, jsonBody, type Routes } from '../routes.js';
import { created, detail, noContent, ok, textProblems, unprocessable } from './answers.js';
import type { Database, Moment, Stamp } from './database.js';
import { testIntegration, whyUnknown } from './integration-tests.js';
import type { Peers } from './peers.js';
import type { Profiles } from './profiles.js';
import { createRows, type Owned, type Rows } from './rows.js';
import { asRecord, given, ofOwner, type Visit } from './sessions.js';

type Dictionary = Readonly<Record<string, unknown>>;

/** One user's source or destination of documents. */
export interface Integration extends Owned {
  readonly direction: string;
  readonly integration_type: string;
  readonly name: string;
  readonly config: Dictionary | null;
  /** Never shown. */
  readonly credentials: Dictionary | null;
  readonly is_active: boolean;
  readonly last_used_at: string | null;
  readonly last_error: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface Integrations {
  /** A user's active destinations, which replace the engine's own. */
  destinationsOf(owner: string): readonly Integration[];
  /** Mailboxes that the engine polls. */
  mailboxes(): readonly Integration[];
  /** Records an upload, and its error if it failed. */
  used(id: number, error: string | null): void;
  readonly routes: Routes<Visit>;
}

export interface IntegrationOptions {
  readonly database: Database;
  readonly stamp: Stamp;
  readonly moment: Moment;
  readonly profiles: Profiles;
  readonly peers: Peers;
  /** Ends all activity. */
  readonly signal: AbortSignal;
}

export function createIntegrations(options: IntegrationOptions): Integrations {
  const { stamp, moment } = options;
  const rows = createRows<Integration>(options.database);
  return {
    destinationsOf: (owner) => of(rows, owner, 'DESTINATION').filter(({ is_active }) => is_active),
    mailboxes: () =>
      rows.all().filter((row) => row.direction === 'SOURCE' && row.integration_type === 'IMAP' && row.is_active),
    used(id, last_error) {
      const row = rows.find(id);
      if (row) rows.change(row, { last_used_at: moment(), last_error, updated_at: stamp() });
    },
    routes: {
      'GET /api/integrations/': ofOwner((owner, { query }) => ok(of(rows, owner, query.get('direction')).map(view))),
      'POST /api/integrations/': ofOwner((owner, visit) => create(rows, { owner, visit, ...options })),
      ...tests(rows, options),
      ...single(rows, stamp),
    },
  };
}

/** A test of posted values, or of a row, whose `last_error` it writes. */
function tests(rows: Rows<Integration>, { peers, signal, moment }: IntegrationOptions): Routes<Visit> {
  const answer = (type: string, tested: object | null): Answer =>
    tested === null ? detail(501, `the test of ${type} is not simulated`) : ok(tested);
  return {
    'POST /api/integrations/test': ofOwner(async (_, visit) => {
      const { integration_type: type = '', config, credentials } = asRecord(jsonBody(visit)) as Partial<Integration>;
      const unknown = whyUnknown(type);
      if (unknown !== null) return detail(400, unknown);
      const trial = { type, config: config ?? {}, credentials: credentials ?? {} };
      return answer(type, await testIntegration(trial, { peers, api: visit.api, signal }));
    }),
    'POST /api/integrations/{id}/test': mine(rows, async (row, { api }) => {
      const { integration_type: type, config, credentials } = row;
      const trial = { type, config: config ?? {}, credentials: credentials ?? {} };
      const tested = await testIntegration(trial, { peers, api, signal });
      if (tested?.success) rows.change(row, { last_error: null, last_used_at: moment() });
      else if (tested) rows.change(row, { last_error: tested.message });
      return answer(type, tested);
    }),
  };
}

function mine(rows: Rows<Integration>, handle: (row: Integration, visit: Visit) => Answer | Promise<Answer>) {
  return ofOwner((owner, visit) => {
    const row = rows.find(visit.params.id);
    return row?.owner === owner ? handle(row, visit) : detail(404, 'Integration not found');
  });
}

function of(rows: Rows<Integration>, owner: string, direction: string | null): readonly Integration[] {
  return rows.all().filter((row) => row.owner === owner && (!direction || row.direction === direction));
}

type Order = IntegrationOptions & { readonly owner: string; readonly visit: Visit };

function create(rows: Rows<Integration>, { owner, visit, profiles, stamp }: Order): Answer {
  const body = asRecord(jsonBody(visit));
  const problems = textProblems(body, { direction: 0, integration_type: 0, name: 1 });
  if (problems.length > 0) return unprocessable(problems);
  const { direction = '', integration_type = '', name = '' } = body as Partial<Integration>;
  const { config = null, credentials = null, is_active = true } = body as Partial<Integration>;
  const asked = { direction, integration_type, known: of(rows, owner, direction).length };
  const refused = whyNot(profiles.tierOf(owner), asked);
  if (refused !== null) return detail(403, refused);
  const now = { created_at: stamp(), updated_at: stamp(), last_used_at: null, last_error: null };
  return created(view(rows.add({ owner, direction, integration_type, name, config, credentials, is_active, ...now })));
}

function single(rows: Rows<Integration>, stamp: Stamp): Routes<Visit> {
  return {
    'GET /api/integrations/{id}': mine(rows, (row) => ok(view(row))),
    'PUT /api/integrations/{id}': mine(rows, (row, visit) => {
      const change = given<Integration>(visit, ['name', 'config', 'credentials', 'is_active']);
      return ok(view(rows.change(row, { ...change, last_error: null, updated_at: stamp() })));
    }),
    'DELETE /api/integrations/{id}': mine(rows, (row) => {
      rows.remove(row);
      return noContent();
    }),
  };
}

/** The free plan allows one destination and no mailbox. Other plans have no limits here. */
function whyNot(tier: string, asked: { direction: string; integration_type: string; known: number }): string | null {
  if (tier !== 'free') return null;
  const mailbox = asked.direction === 'SOURCE' && asked.integration_type === 'IMAP';
  if (mailbox) return `${withoutMail} Upgrade to a paid plan to add IMAP sources.`;
  if (asked.direction !== 'DESTINATION' || asked.known === 0) return null;
  const then = 'Please remove an existing destination or upgrade your plan.';
  return `You have reached your plan limit of 1 storage destination(s). ${then}`;
}

export const withoutMail = 'Your current plan does not include email ingestion.';

function view({ owner: owner_id, credentials, ...row }: Integration): object {
  return { ...row, owner_id, has_credentials: credentials !== null && Object.keys(credentials).length > 0 };
}
