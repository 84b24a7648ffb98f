import { z } from 'zod';
import { durationMs } from '../../src/domain/duration.js';
import type { RequestTemplate } from '../../src/domain/requests.js';
import { DurationText, HttpUrl } from '../../src/fields/fields.js';
import { SecretRef } from '../../src/fields/secret-ref.js';
import type { Issued, IssuingAccount, Target } from '../kit/account.js';
import { defineIssuing } from '../kit/issuing.js';
import type { Parts, Secrets } from '../kit/provider.js';
import { type AccessCheck, accessCheck } from '../shared/access.js';
import { optional } from '../shared/endpoints.js';
import { type Answer, Http } from '../shared/http.js';
import { permanent } from '../shared/failures.js';
import type { ProbeVerdict } from '../shared/probes.js';

const NextcloudSection = z.strictObject({
  url: HttpUrl.describe('Address of Nextcloud, with its path if it has one.'),
  username: z.string().min(1).describe('The account that DocuElevate uploads documents to.'),
  password: SecretRef.describe(
    'The password of that account: an app password cannot create another one. The account must not have a second factor.',
  ),
  propagation: DurationText.prefault('0 seconds').describe(
    'Propagation delay: how long a change may take until all servers behind the address know it.',
  ),
});
type NextcloudSection = z.output<typeof NextcloudSection>;

const system = 'nextcloud';
const endpoints = {
  showUser: { system, method: 'GET', path: '/ocs/v2.php/cloud/user' },
  issue: { system, method: 'GET', path: '/ocs/v2.php/core/getapppassword' },
  revoke: { system, method: 'DELETE', path: '/ocs/v2.php/core/apppassword' },
} as const satisfies Record<string, RequestTemplate>;
const { showUser, issue, revoke } = endpoints;

const deadlineMs = 15_000; // four fit into the start-to-close timeout; Nextcloud delays its answers after wrong passwords

// Only the fields in use: https://docs.nextcloud.com/server/latest/developer_manual/client_apis/OCS
const Ok = z.object({ ocs: z.object({ meta: z.object({ statuscode: z.literal(200) }) }) });
const AppPassword = z.object({ ocs: z.object({ data: z.object({ apppassword: z.string().min(1) }) }) });
const OwnWords = z.object({ ocs: z.object({ meta: z.object({ statuscode: z.number() }) }) });
const Refusal = z.object({ ocs: z.object({ meta: z.object({ statuscode: z.literal(997) }) }) });

/** App passwords. Each is named by the User-Agent of its creator, and no API lists them. */
export const nextcloud = defineIssuing({
  ...{ system, name: 'Nextcloud', section: NextcloudSection },
  identity: ({ url, username }) => `${url} ${username}`,
  addresses: ({ url }) => ({ nextcloud: url }),
  shown: [
    { field: 'url', setting: 'nextcloud_upload_url', as: (url) => /^(.+?)\/remote\.php(?:\/|$)/.exec(url)?.[1] ?? '' },
    { field: 'username', setting: 'nextcloud_username' },
  ],
  // Twelve wrong passwords lock an address out, so only one connection is used.
  question: { request: 'GET /cloud/user', refusal: '401 (997)', connections: 1 },
  recovers: 'person',
  requests: {
    ask: [showUser, optional(showUser), optional(showUser)],
    issue: [issue],
    revoke: [revoke, optional(showUser), optional(revoke)],
    check: [showUser],
  },
  open: (section, secret) => new NextcloudAccount(section, secret),
});

class NextcloudAccount implements IssuingAccount {
  readonly propagationMs: number;
  readonly #http: Http;
  readonly #username: string;
  readonly #password: () => Promise<string>;

  constructor({ url, username, password, propagation }: NextcloudSection, secret: Secrets) {
    this.propagationMs = durationMs(propagation);
    this.#http = new Http('Nextcloud', url, deadlineMs);
    this.#username = username;
    this.#password = () => secret(password);
  }

  async ask({ password = '' }: Parts): Promise<ProbeVerdict> {
    const answer = await this.#showUser(password);
    if (answer.verdict === 'accepted') return answer;
    await this.#signIn();
    return this.#showUser(password);
  }

  async check(): Promise<AccessCheck[]> {
    return [await accessCheck(`account ${this.#username}`, async () => (await this.#signIn(), 'accepts its password'))];
  }

  async issue(label: string): Promise<Issued> {
    const answer = await this.#send('issue', await this.#password(), label);
    if (answer.status === 401) throw this.#notSignedIn();
    return { id: label, parts: { password: answer.json(AppPassword).ocs.data.apppassword } };
  }

  async revoke({ parts: { password = '' } }: Target): Promise<void> {
    if ((await this.#send('revoke', password)).status === 200) return;
    await this.#signIn(); // a refusal alone does not prove the end
    await this.#send('revoke', password);
  }

  /** After a change of the account's password Nextcloud refuses valid app passwords until a sign-in with the new password. */
  async #signIn(): Promise<void> {
    if ((await this.#showUser(await this.#password())).verdict === 'refused') throw this.#notSignedIn();
  }

  async #showUser(password: string): Promise<ProbeVerdict> {
    const answer = await this.#send('showUser', password);
    return { verdict: answer.status === 200 ? 'accepted' : 'refused', providerTime: answer.providerTime };
  }

  /** Resolves with 200 or Nextcloud's own 401. Throws any other answer, which is no verdict on the password. */
  async #send(operation: keyof typeof endpoints, password: string, label = 'keyturn'): Promise<Answer> {
    const { method, path } = endpoints[operation];
    const authorization = `Basic ${Buffer.from(`${this.#username}:${password}`).toString('base64')}`;
    const headers = { 'ocs-apirequest': 'true', 'user-agent': label, authorization };
    const request = { operation, method, path: `${path}?format=json`, headers, allow: [401], refusal: OwnWords };
    const answer = await this.#http.send({ ...request, asks: operation === 'showUser' }); // a GET issues as well
    answer.json(answer.status === 401 ? Refusal : Ok);
    return answer;
  }

  #notSignedIn(): Error {
    const why = 'check the password, the second factor, and whether the account is disabled';
    return permanent('Unauthorized', `Nextcloud refuses the password of the account ${this.#username} (401): ${why}`);
  }
}
