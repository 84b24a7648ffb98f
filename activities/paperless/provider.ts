import { z } from 'zod';
import { durationMs } from '../../src/domain/duration.js';
import type { RequestTemplate } from '../../src/domain/requests.js';
import { DurationText, HttpUrl } from '../../src/fields/fields.js';
import { SecretRef } from '../../src/fields/secret-ref.js';
import type { ReplacingAccount } from '../kit/account.js';
import type { Parts, Secrets } from '../kit/provider.js';
import { defineReplacing } from '../kit/replacing.js';
import { type AccessCheck, accessCheck } from '../shared/access.js';
import { type Answer, Http } from '../shared/http.js';
import { passing, permanent } from '../shared/failures.js';
import type { ProbeVerdict } from '../shared/probes.js';

const PaperlessSection = z.strictObject({
  url: HttpUrl.describe("Address of Paperless-ngx, as in DocuElevate's paperless_host."),
  username: z.string().min(1).describe('The user whose token DocuElevate uses. A user has one token.'),
  password: SecretRef.describe(
    'The password of that user, which reads a token whose answer was lost. The user must not have a second factor.',
  ),
  propagation: DurationText.prefault('0 seconds').describe(
    'Propagation delay: how long a new token may take until all servers behind the address know it.',
  ),
});
type PaperlessSection = z.output<typeof PaperlessSection>;

const system = 'paperless';
const endpoints = {
  showProfile: { system, method: 'GET', path: '/api/profile/' },
  replaceToken: { system, method: 'POST', path: '/api/profile/generate_auth_token/' },
} as const satisfies Record<string, RequestTemplate>;
const { showProfile, replaceToken } = endpoints;

const deadlineMs = 20_000; // two fit into the start-to-close timeout

// Only the fields in use: https://docs.paperless-ngx.com/api
const Profile = z.object({ auth_token: z.string().min(1).nullish() });
const Token = z.string().min(1);
const OwnWords = z.object({ detail: z.string() });
const Refusal = z.object({ detail: z.literal('Invalid token.') });
const NotSignedIn = z.object({ detail: z.literal('Invalid username/password.') });

/** One token per user. A new token replaces the old one at once, and the engine holds a dead token until the new one is written. */
export const paperless = defineReplacing({
  ...{ system, name: 'Paperless-ngx', section: PaperlessSection },
  identity: ({ url, username }) => `${url} ${username}`,
  addresses: ({ url }) => ({ paperless: url }),
  exclusive: true,
  shown: [{ field: 'url', setting: 'paperless_host' }],
  question: { request: 'GET /api/profile/', refusal: '401 Invalid token' },
  requests: { ask: [showProfile], read: [showProfile], replace: [replaceToken], check: [showProfile] },
  open: (section, secret) => new PaperlessAccount(section, secret),
});

class PaperlessAccount implements ReplacingAccount {
  readonly propagationMs: number;
  readonly #http: Http;
  readonly #username: string;
  readonly #password: () => Promise<string>;

  constructor({ url, username, password, propagation }: PaperlessSection, secret: Secrets) {
    this.propagationMs = durationMs(propagation);
    this.#http = new Http('Paperless-ngx', url, deadlineMs);
    this.#username = username;
    this.#password = () => secret(password);
  }

  /** An inactive user is refused with another message, which throws here: the token is still valid. */
  async ask({ token = '' }: Parts): Promise<ProbeVerdict> {
    const answer = await this.#send('showProfile', `Token ${token}`);
    if (answer.status === 401) answer.json(Refusal);
    else answer.json(Profile);
    return { verdict: answer.status === 200 ? 'accepted' : 'refused', providerTime: answer.providerTime };
  }

  async check(): Promise<AccessCheck[]> {
    const inspect = async () =>
      (await this.read()) ? 'shows its token' : 'accepts its password, and has no token yet';
    return [await accessCheck(`user ${this.#username}`, inspect)];
  }

  async read(): Promise<Parts | null> {
    const answer = await this.#send('showProfile', await this.#basic());
    if (answer.status === 401) throw this.#notSignedIn(answer);
    const { auth_token: token } = answer.json(Profile);
    return token ? { token } : null;
  }

  async replace(current: Parts | null): Promise<Parts> {
    const answer = await this.#send('replaceToken', current ? `Token ${current['token']}` : await this.#basic());
    if (answer.status === 200) return { token: answer.json(Token) };
    if (!current) throw this.#notSignedIn(answer);
    answer.json(Refusal);
    throw passing('the Paperless-ngx token was replaced by somebody else meanwhile');
  }

  async #basic(): Promise<string> {
    return `Basic ${Buffer.from(`${this.#username}:${await this.#password()}`).toString('base64')}`;
  }

  #send(operation: keyof typeof endpoints, authorization: string): Promise<Answer> {
    return this.#http.send({
      operation,
      ...endpoints[operation],
      headers: { authorization, accept: 'application/json' },
      allow: [401],
      refusal: OwnWords,
    });
  }

  #notSignedIn(answer: Answer): Error {
    answer.json(NotSignedIn);
    const why = 'check the password, the second factor, and whether the user is active';
    return permanent('Unauthorized', `Paperless-ngx refuses the password of the user ${this.#username} (401): ${why}`);
  }
}
