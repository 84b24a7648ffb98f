import { addAbortListener } from 'node:events';
import { CancelledFailure } from '@temporalio/common';
import { type Answer, Http, type HttpRequest } from '../shared/http.js';
import { OutsideError } from '../shared/outside-error.js';
import { permanent } from '../shared/failures.js';
import { runDirectly, scope } from '../shared/scope.js';
import { requestTo } from './endpoints.js';

/** A configured engine and the settings that a credential feeds. */
export interface DocuElevateConnection {
  readonly url: string;
  readonly username: string;
  /** Resolved at each login. */
  readonly password: () => Promise<string>;
  /** Part of the credential's value by setting key. */
  readonly settings: Readonly<Record<string, string>>;
  /** Parts that a value may lack. */
  readonly optionalParts?: readonly string[] | undefined;
  /** The credential's value is in the environment, so nothing of it may be written to the settings. */
  readonly inEnvironment?: boolean | undefined;
  /** Number of the test document that stays there for verification. */
  readonly keptDocument?: number | undefined;
  /** Where test mails of the engine's account go, for the proof of `email_password`. */
  readonly testMailTo?: string | undefined;
  /** A setting that the engine silently uses instead of the value. */
  readonly fallback?: string | undefined;
}

export const deadlineMs = 20_000; // with its queue down, the engine answered an upload after 19 s

/** Logins of this process, one per engine and user. They are reused, since each creates a row in the engine. */
export class Sessions {
  readonly #open = new Map<string, Session>();

  of(connection: DocuElevateConnection): Session {
    const key = `${connection.url} ${connection.username}`;
    const session = this.#open.get(key) ?? new Session(connection);
    this.#open.set(key, session);
    return session;
  }
}

interface Login {
  readonly cookies: Map<string, string>;
  /** Stays the same for the whole login. Null until the login has succeeded. */
  csrfToken: string | null;
}

const longestTag = 2000; // characters; the token has a hundred

/** Sends requests as the admin user, with cookie and CSRF token. Logs in once more when the login has expired. */
export class Session {
  readonly username: string;
  readonly #http: Http;
  readonly #password: () => Promise<string>;
  #login: Login | null = null;
  #loggingIn: Promise<Login> | null = null;

  constructor({ url, username, password }: DocuElevateConnection) {
    this.username = username;
    this.#http = new Http('DocuElevate', url, deadlineMs);
    this.#password = password;
  }

  /** @throws OutsideError with status 401 or 403 when a new login does not help either */
  async send(request: HttpRequest): Promise<Answer> {
    const login = this.#login ?? (await this.#logIn());
    const answer = await this.#exchange(login, { ...request, allow: [...(request.allow ?? []), 401, 403] });
    if (answer.status !== 401 && answer.status !== 403) return answer;
    const newer = this.#login === login ? null : this.#login; // another activity may have logged in meanwhile
    return this.#exchange(newer ?? (await this.#logIn()), request);
  }

  /** Stores the answer's cookies with the login of the request: a late answer must not change a newer login. */
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

  /** One login at a time, shared by all waiting activities. It outlives the activity that began it; each wait ends with its own activity. */
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
      ...requestTo('logIn'),
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

  /** Passes a `message`, since the plain page redirects to single sign-on where that is configured. */
  async #readLoginPage(login: Login): Promise<string> {
    const answer = await this.#exchange(login, {
      ...requestTo('openLogin', {}, '?message=keyturn'),
      allow: [404],
    });
    if (answer.status === 404)
      throw permanent('Rejected', 'DocuElevate has no login page, so its settings cannot be changed: set AUTH_ENABLED');
    const inputs = answer.text
      .split('<input')
      .map((rest) => rest.slice(0, Math.min(rest.indexOf('>') + 1, longestTag)));
    const input = inputs.find((tag) => tag.includes('name="csrf_token"')) ?? '';
    const token = /value="([^"]+)"/.exec(input)?.[1];
    if (token === undefined) throw new OutsideError('DocuElevate', 'openLogin', { code: 'NO_CSRF_TOKEN' });
    return token;
  }
}

/** Throws when the login failed. The engine redirects after every login, and only the target shows whether it succeeded. */
function refuseFailure({ headers }: Answer): void {
  const location = typeof headers['location'] === 'string' ? headers['location'] : '';
  const { pathname, searchParams } = new URL(location, 'http://engine');
  if (location !== '' && !pathname.endsWith('/login')) return;
  if (searchParams.get('error') === 'Invalid request') throw new OutsideError('DocuElevate', 'logIn', { code: 'CSRF' });
  throw permanent('Unauthorized', 'DocuElevate refused the admin login: check the configured username and password');
}
