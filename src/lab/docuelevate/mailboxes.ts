import { type Answer, jsonBody, type Routes } from '../routes.js';
import { created, detail, noContent, ok, textProblems, unprocessable } from './answers.js';
import type { Database, Moment, Stamp } from './database.js';
import { testImap } from './imap.js';
import { withoutMail } from './integrations.js';
import type { Peers } from './peers.js';
import type { Profiles } from './profiles.js';
import { createRows, type Owned, type Rows } from './rows.js';
import { asRecord, ofOwner, type Visit } from './sessions.js';

interface Mailbox extends Owned {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly username: string;
  /** Never shown. */
  readonly password: string;
  readonly use_ssl: boolean;
  readonly delete_after_process: boolean;
  readonly is_active: boolean;
  readonly profile_id: number | null;
  readonly last_checked_at: string | null;
  /** Never set: the code that would do it is above the code that drops errors. */
  readonly last_error: null;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface Mailboxes {
  /** Those that are polled. */
  active(): readonly Mailbox[];
  /** Records a poll, which says nothing about its success. */
  checked(id: number): void;
  readonly routes: Routes<Visit>;
}

export interface MailboxOptions {
  readonly database: Database;
  readonly stamp: Stamp;
  readonly moment: Moment;
  readonly profiles: Profiles;
  readonly peers: Peers;
}

const fields = { name: 1, host: 1, username: 1, password: 1 };
const plain = { port: 993, use_ssl: true, delete_after_process: false, is_active: true, profile_id: null };

/** Users' mailboxes, from which the engine imports documents. */
export function createMailboxes(options: MailboxOptions): Mailboxes {
  const rows = createRows<Mailbox>(options.database);
  return {
    active: () => rows.all().filter(({ is_active }) => is_active),
    checked(id) {
      const row = rows.find(id);
      if (row) rows.change(row, { last_checked_at: options.moment(), updated_at: options.stamp() });
    },
    routes: { ...collection(rows, options), ...tests(rows, options.peers), ...single(rows, options) },
  };
}

function collection(rows: Rows<Mailbox>, { profiles, stamp }: MailboxOptions): Routes<Visit> {
  const of = (owner: string) => rows.all().filter((row) => row.owner === owner);
  return {
    'GET /api/imap-accounts/': ofOwner((owner) => ok(of(owner).map(view))),
    'GET /api/imap-accounts/quota/': ofOwner((owner) => {
      const tier_id = profiles.tierOf(owner);
      const max_mailboxes = tier_id === 'free' ? 0 : null;
      const known = { current_count: of(owner).length, max_mailboxes, can_add: max_mailboxes === null };
      return ok({ ...known, tier_id, tier_name: tierNames[tier_id] ?? tier_id });
    }),
    'POST /api/imap-accounts/': ofOwner((owner, visit) => {
      const body = asRecord(jsonBody(visit));
      const problems = textProblems(body, fields);
      if (problems.length > 0) return unprocessable(problems);
      if (profiles.tierOf(owner) === 'free')
        return detail(403, `${withoutMail} Upgrade to a paid plan to add IMAP accounts.`);
      const unused = { last_checked_at: null, last_error: null, created_at: stamp(), updated_at: stamp() };
      return created(view(rows.add({ ...plain, ...known(body), owner, ...unused } as Omit<Mailbox, 'id'>)));
    }),
  };
}

const tierNames: Readonly<Record<string, string>> = { business: 'Power', free: 'Free' };

/** A login with posted values, or with those of a stored account. */
function tests(rows: Rows<Mailbox>, peers: Peers): Routes<Visit> {
  return {
    'POST /api/imap-accounts/test': ofOwner(async (_, visit) => {
      const body = asRecord(jsonBody(visit));
      const problems = textProblems(body, { host: 0, username: 0, password: 0 });
      return problems.length > 0
        ? unprocessable(problems)
        : ok(await testImap(peers, { ...plain, ...known(body) } as Mailbox));
    }),
    'POST /api/imap-accounts/{id}/test': mine(rows, async (row) => ok(await testImap(peers, row))),
  };
}

function mine(rows: Rows<Mailbox>, handle: (row: Mailbox, visit: Visit) => Answer | Promise<Answer>) {
  return ofOwner((owner, visit) => {
    const row = rows.find(visit.params.id);
    return row?.owner === owner ? handle(row, visit) : detail(404, 'IMAP account not found');
  });
}

function single(rows: Rows<Mailbox>, { moment }: MailboxOptions): Routes<Visit> {
  return {
    'GET /api/imap-accounts/{id}': mine(rows, (row) => ok(view(row))),
    'PUT /api/imap-accounts/{id}': mine(rows, (row, visit) => {
      const change = known(asRecord(jsonBody(visit)));
      const problems = textProblems({ ...row, ...change }, fields);
      if (problems.length > 0) return unprocessable(problems);
      return ok(view(rows.change(row, { ...change, last_error: null, updated_at: moment() })));
    }),
    'DELETE /api/imap-accounts/{id}': mine(rows, (row) => {
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
