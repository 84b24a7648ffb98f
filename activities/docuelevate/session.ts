import { addAbortListener } from 'node:events';
import { CancelledFailure } from '@temporalio/common';
import { type Answer, Http, type HttpRequest } from '../shared/http.js';
import { OutsideError } from '../shared/outside-error.js';
import { permanent } from '../shared/failures.js';
import { runDirectly, scope } from '../shared/scope.js';
import { endpoints } from './requests.js';

/** An engine as the configuration names it, and the settings that a credential feeds. */
export interface DocuElevateConnection {
  readonly url: string;
  readonly username: string;
  /** Resolved at each login. */
  readonly password: () => Promise<string>;
  /** Part of the credential's value by setting key. */
  readonly settings: Readonly<Record<string, string>>;
  /** Parts that a value may do without. */
  readonly optionalParts?: readonly string[] | undefined;
  /** Number of the test document that stays there for verification. */
  readonly keptDocument?: number | undefined;
  /** A setting that takes the value's place without a word. */
  readonly fallback?: string | undefined;
}

const deadlineMs = 20_000; // an upload whose queue is down was answered after 19 s

/** Logins that are kept for the life of the process, one per engine and user: each makes a row in the engine. */
export class Sessions {
  readonly #open = new Map<string, Session>();

  of(connection: DocuElevateConnection): Session {
    const key = `${connection.url} ${connection.username}`;
    const session = this.#open.get(key) ?? new Session(connection);
    this.#open.set(key, session);
    return session;
  }
}

/** What one login gave. */
interface Login {
  readonly cookies: Map<string, string>;
  /** The same for as long as the login lives; null while it is not made. */
  csrfToken: string | null;
}

const longestTag = 2000; // characters; the token has a hundred

/** Requests as the admin user: with cookie and CSRF token, and one new login when the last one has ended. */
export class Session {
  readonly username: string;
  readonly #http: Http;
  readonly #password: () => Promise<string>;
  #login: Login | null = null;
  #loggingIn: Promise<Login> | null = null;

  constructor({ url, username, password }: DocuElevateConnection) {
    this.username = username;
    this.#http = new Http('docuelevate', url, deadlineMs);
    this.#password = password;
  }

  /** @throws OutsideError with status 401 or 403 when a new login does not help either */
  async send(request: HttpRequest): Promise<Answer> {
    const login = this.#login ?? (await this.#logIn());
    const answer = await this.#exchange(login, { ...request, allow: [...(request.allow ?? []), 401, 403] });
    if (answer.status !== 401 && answer.status !== 403) return answer;
    const newer = this.#login === login ? null : this.#login; // somebody beside us may have logged in meanwhile
    return this.#exchange(newer ?? (await this.#logIn()), request);
  }

  /** Cookies of the answer go where those of the request came from: a late answer must not spoil a newer login. */
  async #exchange({ cookies, csrfToken }: Login, request: HttpRequest): Promise<Answer> {
    const token = request.method === 'GET' || csrfToken === null ? {} : { 'x-csrf-token': csrfToken };
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await this.#http.send({
      ...request,
      page: true,
      headers: { ...request.headers, ...token, ...(cookie === '' ? {} : { cookie }) },
    });
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
      const [, name, value] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) cookies.set(name, value);
    }
    return answer;
  }

  /** One at a time, for everybody who waits: a login outlives the activity that began it, and no wait outlives its own activity. */
  async #logIn(): Promise<Login> {
    this.#loggingIn ??= runDirectly(scope().writer, () => this.#openLogin()).finally(() => {
      this.#loggingIn = null;
    });
    const shared = this.#loggingIn;
    return new Promise((resolve, reject) => {
      const { signal } = scope();
      const listener = addAbortListener(signal, () => reject(new CancelledFailure('the activity was cancelled')));
      shared.finally(() => listener[Symbol.dispose]()).then(resolve, reject);
    });
  }

  async #openLogin(): Promise<Login> {
    const login: Login = { cookies: new Map(), csrfToken: null };
    const csrfToken = await this.#readLoginPage(login);
    const answer = await this.#exchange(login, {
      operation: 'logIn',
      method: endpoints.logIn.method,
      path: endpoints.logIn.path,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        username: this.username,
        password: await this.#password(),
        csrf_token: csrfToken,
      }).toString(),
      allow: [302, 303],
    });
    refuseFailure(answer);
    login.csrfToken = csrfToken;
    this.#login = login;
    return login;
  }

  /** With a message, since the plain page sends on to single sign-on where that is set up. */
  async #readLoginPage(login: Login): Promise<string> {
    const answer = await this.#exchange(login, {
      operation: 'openLogin',
      method: endpoints.openLogin.method,
      path: `${endpoints.openLogin.path}?message=keyturn`,
      allow: [404],
    });
    if (answer.status === 404)
      throw permanent(
        'Unauthorized',
        'DocuElevate has no login page: its settings can be changed with AUTH_ENABLED only',
      );
    const inputs = answer.text
      .split('<input')
      .map((rest) => rest.slice(0, Math.min(rest.indexOf('>') + 1, longestTag)));
    const input = inputs.find((tag) => tag.includes('name="csrf_token"')) ?? '';
    const token = /value="([^"]+)"/.exec(input)?.[1];
    if (token === undefined) throw new OutsideError('docuelevate', 'openLogin', { code: 'NO_CSRF_TOKEN' });
    return token;
  }
}

/** The engine redirects after a login, good or bad: only where to tells them apart. */
function refuseFailure({ headers }: Answer): void {
  const location = typeof headers['location'] === 'string' ? headers['location'] : '';
  const { pathname, searchParams } = new URL(location, 'http://engine');
  if (location !== '' && !pathname.endsWith('/login')) return;
  if (searchParams.get('error') === 'Invalid request') throw new OutsideError('docuelevate', 'logIn', { code: 'CSRF' });
  throw permanent('Unauthorized', 'DocuElevate refused the admin login: check the username and password configured');
}
