import { type Answer, jsonBody, type Routes } from '../routes.js';
import { created, detail, noContent, ok, textProblems, unprocessable } from './answers.js';
import type { Database, Moment, Stamp } from './database.js';
import { withoutMail } from './integrations.js';
import type { Profiles } from './profiles.js';
import { createRows, type Owned } from './rows.js';
import { asRecord, ofOwner, type Visit } from './sessions.js';

interface Mailbox extends Owned {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly username: string;
  /** Never shown, and never used here: no mail server is simulated. */
  readonly password: string;
  readonly use_ssl: boolean;
  readonly delete_after_process: boolean;
  readonly is_active: boolean;
  readonly profile_id: number | null;
  readonly last_checked_at: null;
  readonly last_error: null;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface MailboxOptions {
  readonly database: Database;
  readonly stamp: Stamp;
  readonly moment: Moment;
  readonly profiles: Profiles;
}

const fields = { name: 1, host: 1, username: 1, password: 1 };
const plain = { port: 993, use_ssl: true, delete_after_process: false, is_active: true, profile_id: null };

/** Users' mailboxes, from which the engine would import documents. */
export function mailboxRoutes({ database, stamp, moment, profiles }: MailboxOptions): Routes<Visit> {
  const rows = createRows<Mailbox>(database);
  const mine = (handle: (row: Mailbox, visit: Visit) => Answer) =>
    ofOwner((owner, visit) => {
      const row = rows.find(visit.params.id);
      return row?.owner === owner ? handle(row, visit) : detail(404, 'IMAP account not found');
    });
  return {
    'GET /api/imap-accounts/': ofOwner((owner) =>
      ok(
        rows
          .all()
          .filter((row) => row.owner === owner)
          .map(view),
      ),
    ),
    'POST /api/imap-accounts/': ofOwner((owner, visit) => {
      const body = asRecord(jsonBody(visit));
      const problems = textProblems(body, fields);
      if (problems.length > 0) return unprocessable(problems);
      if (profiles.tierOf(owner) === 'free')
        return detail(403, `${withoutMail} Upgrade to a paid plan to add IMAP accounts.`);
      const unused = { last_checked_at: null, last_error: null, created_at: stamp(), updated_at: stamp() };
      return created(view(rows.add({ ...plain, ...known(body), owner, ...unused } as Omit<Mailbox, 'id'>)));
    }),
    'GET /api/imap-accounts/{id}': mine((row) => ok(view(row))),
    'PUT /api/imap-accounts/{id}': mine((row, visit) => {
      const change = known(asRecord(jsonBody(visit)));
      const problems = textProblems({ ...row, ...change }, fields);
      if (problems.length > 0) return unprocessable(problems);
      return ok(view(rows.change(row, { ...change, last_error: null, updated_at: moment() })));
    }),
    'DELETE /api/imap-accounts/{id}': mine((row) => {
      rows.remove(row);
      return noContent();
    }),
  };
}

/** The fields of a body that a mailbox has, unless they are null. */
function known(body: Readonly<Record<string, unknown>>): Partial<Mailbox> {
  const names = [...Object.keys(fields), ...Object.keys(plain)];
  return Object.fromEntries(Object.entries(body).filter(([name, value]) => names.includes(name) && value !== null));
}

function view({ owner: owner_id, ...row }: Mailbox): object {
  return { ...row, owner_id, password: undefined };
}
