import { createHmac, randomBytes } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import type { z } from 'zod';
import { Http, type HttpRequest } from '../shared/http.js';
import { propagating } from '../shared/failures.js';
import { requestTo } from './endpoints.js';
import { Found, LocalUser, LoginTested, MailSent, Readiness, StripeStatus, Tested, Visitor } from './schemas.js';
import { deadlineMs, type DocuElevateConnection, Session } from './session.js';

export interface Mailbox {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly use_ssl: boolean;
}

const nameOfNoKind = 'keyturn-test.keyturn';
const uploadPauseMs = 20_000; // 20 uploads a minute are allowed

/** The local user that gets test mails. It can sign in only where DocuElevate has several users, and nobody knows its password. */
export const mailUser = { username: 'keyturn-test-mails', display_name: 'Keyturn test mails' } as const;

/** Requests with which DocuElevate tries a value. An answer of another shape than the known ones is an error. */
export class TrialClient {
  readonly #session: Session;
  readonly #connection: DocuElevateConnection;

  constructor(session: Session, connection: DocuElevateConnection) {
    this.#session = session;
    this.#connection = connection;
  }

  testKey(service: 'openai' | 'azure'): Promise<Tested> {
    return this.#read(requestTo('testConnection', { service }), Tested);
  }

  testAi(): Promise<Tested> {
    return this.#read(requestTo('testAi'), Tested);
  }

  /** Of OneDrive it also stores a newer refresh token. */
  testToken(service: 'dropbox' | 'google-drive' | 'onedrive'): Promise<Tested> {
    return this.#read(requestTo('testToken', { service }), Tested);
  }

  testMailbox(mailbox: Mailbox): Promise<LoginTested> {
    return this.#post(requestTo('testMailbox'), mailbox, LoginTested);
  }

  testVectorDatabase(): Promise<LoginTested> {
    return this.#post(requestTo('testIntegration'), { integration_type: 'VECTOR_DATABASE' }, LoginTested);
  }

  testNotification(): Promise<Tested> {
    return this.#read(requestTo('testNotification'), Tested);
  }

  stripeStatus(): Promise<StripeStatus> {
    return this.#read(requestTo('showStripe'), StripeStatus);
  }

  async checks(): Promise<z.infer<typeof Readiness>['checks']> {
    return (await this.#read(requestTo('showReadiness'), Readiness)).checks;
  }

  async hits(words: string): Promise<number> {
    return (await this.#read(requestTo('search', {}, `?q=${encodeURIComponent(words)}`), Found)).total;
  }

  /** Whether it takes a signed event of a kind that it does nothing about. */
  async takesStripeEvent(secret: string): Promise<'taken' | 'refused' | 'not configured'> {
    const body = JSON.stringify({
      id: 'evt_keyturn_test',
      object: 'event',
      type: 'keyturn.test',
      data: { object: {} },
    });
    const at = Math.floor(Date.now() / 1000);
    const signature = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
    const headers = { 'content-type': 'application/json', 'stripe-signature': `t=${at},v1=${signature}` };
    const request = { ...requestTo('sendStripeEvent'), headers, body, allow: [400, 503] };
    const { status } = await this.#session.send(request);
    if (status === 503) return 'not configured';
    return status === 400 ? 'refused' : 'taken';
  }

  /** Whether a password signs the administrator in, in a session of its own. Null when it signs in somebody else. */
  async signsIn(username: string, password: string): Promise<boolean | null> {
    const session = new Session({ ...this.#connection, username, password: () => Promise.resolve(password) });
    try {
      return (await session.send(requestTo('whoAmI'))).json(Visitor).is_admin === true || null;
    } catch (error) {
      if (error instanceof ApplicationFailure && error.type === 'Unauthorized') return false;
      throw error;
    }
  }

  /**
   * Whether the intake accepts a shared secret: it asks for it after the form, and looks at the kind of file after that. A kind that it
   * does not take creates nothing. Sent without a session, which would do in the place of the secret. Null for any other answer.
   */
  async takesSecret(secret: string): Promise<boolean | null> {
    const form = new FormData();
    form.set('file', new File(['a test of Keyturn'], nameOfNoKind, { type: 'application/x-keyturn-test' }));
    form.set('source', 'keyturn');
    form.set('idempotency_key', `keyturn-${randomBytes(16).toString('hex')}`);
    const { status } = await new Http('DocuElevate', this.#connection.url, deadlineMs).send({
      ...requestTo('takeIn'),
      headers: { authorization: 'Bearer none', 'x-docuelevate-intake-secret': secret },
      body: form,
      allow: [400, 401, 403, 413, 415, 422, 429],
    });
    if (status === 429) throw propagating('DocuElevate limits uploads; waiting for the next slot', uploadPauseMs);
    if (status === 415) return true;
    return status === 401 ? false : null;
  }

  /** The user for test mails, made at the first call. Null when the address belongs to another local user. */
  async mailUserAt(email: string): Promise<LocalUser | null> {
    const users = await this.#read(requestTo('listLocalUsers'), LocalUser.array());
    const known = users.find(({ username }) => username === mailUser.username);
    if (known?.email === email) return known;
    if (users.some((user) => user.email === email)) return null;
    if (known) return this.#post(requestTo('changeLocalUser', { user: known.id }), { email }, LocalUser);
    const password = randomBytes(32).toString('base64url');
    return this.#post(requestTo('addLocalUser'), { ...mailUser, email, password, is_admin: false }, LocalUser);
  }

  sendMailTo({ id }: LocalUser): Promise<MailSent> {
    return this.#read(requestTo('sendPasswordReset', { user: id }), MailSent);
  }

  async #read<S extends z.ZodType>(request: HttpRequest, schema: S): Promise<z.infer<S>> {
    return (await this.#session.send(request)).json(schema);
  }

  #post<S extends z.ZodType>(request: HttpRequest, body: object, schema: S): Promise<z.infer<S>> {
    const headers = { 'content-type': 'application/json' };
    return this.#read({ ...request, headers, body: JSON.stringify(body) }, schema);
  }
}
