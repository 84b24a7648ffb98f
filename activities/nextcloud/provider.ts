import { z } from 'zod';
import { durationMs } from '../../src/domain/duration.js';
import type { RequestTemplate } from '../../src/domain/requests.js';
import { DurationText, HttpUrl } from '../../src/fields/fields.js';
import { SecretRef } from '../../src/fields/secret-ref.js';
import type { Issued, IssuingAccount } from '../kit/account.js';
import { defineIssuing } from '../kit/issuing.js';
import type { Parts, Secrets } from '../kit/provider.js';
import { type AccessCheck, look } from '../shared/access.js';
import { optional } from '../shared/endpoints.js';
import { type Answer, Http } from '../shared/http.js';
import { permanent } from '../shared/failures.js';
import type { ProbeVerdict } from '../shared/probes.js';

const NextcloudSection = z.strictObject({
  url: HttpUrl.describe('Address of Nextcloud, with its path if it has one.'),
  username: z.string().min(1).describe('The account that documents are put into, as DocuElevate has it.'),
  password: SecretRef.describe(
    'The password of that account: an app password cannot make another one. The account may have no second factor.',
  ),
  propagation: DurationText.prefault('0 seconds').describe(
    'How long a change may take to count; several servers behind one address may need some.',
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

const deadlineMs = 15_000; // four in a row fit into the start-to-close timeout; Nextcloud itself delays after wrong passwords

// Only what is used: https://docs.nextcloud.com/server/latest/developer_manual/client_apis/OCS
const Ok = z.object({ ocs: z.object({ meta: z.object({ statuscode: z.literal(200) }) }) });
const AppPassword = z.object({ ocs: z.object({ data: z.object({ apppassword: z.string().min(1) }) }) });
const OwnWords = z.object({ ocs: z.object({ meta: z.object({ statuscode: z.number() }) }) });
const Refusal = z.object({ ocs: z.object({ meta: z.object({ statuscode: z.literal(997) }) }) });

/** App passwords: each has a name, the User-Agent of whoever made it, and no program may list them. */
export const nextcloud = defineIssuing({
  ...{ system, name: 'Nextcloud', section: NextcloudSection },
  identity: ({ url, username }) => `${url} ${username}`,
  addresses: ({ url }) => ({ nextcloud: url }),
  shown: [
    { field: 'url', setting: 'nextcloud_upload_url', as: (url) => /^(.+?)\/remote\.php(?:\/|$)/.exec(url)?.[1] ?? '' },
    { field: 'username', setting: 'nextcloud_username' },
  ],
  // Twelve wrong passwords lock an address out, so one connection asks.
  question: { request: 'GET /cloud/user', refusal: '401 (997)', connections: 1 },
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
    this.#http = new Http(system, url, deadlineMs);
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
    return [await look(`account ${this.#username}`, async () => (await this.#signIn(), 'takes its password'))];
  }

  async issue(label: string): Promise<Issued> {
    const answer = await this.#send('issue', await this.#password(), label);
    if (answer.status === 401) throw this.#notSignedIn();
    return { id: label, parts: { password: answer.json(AppPassword).ocs.data.apppassword } };
  }

  async revoke({ parts: { password = '' } }: Issued): Promise<void> {
    if ((await this.#send('revoke', password)).status === 200) return;
    await this.#signIn(); // a refusal alone does not say that it has ended
    await this.#send('revoke', password);
  }

  /** After a change of the account's password Nextcloud refuses what lives, until somebody signs in with the new one. */
  async #signIn(): Promise<void> {
    if ((await this.#showUser(await this.#password())).verdict === 'refused') throw this.#notSignedIn();
  }

  async #showUser(password: string): Promise<ProbeVerdict> {
    const answer = await this.#send('showUser', password);
    return { verdict: answer.status === 200 ? 'accepted' : 'refused', providerTime: answer.providerTime };
  }

  /** Answers 200 or Nextcloud's own 401: whatever else says so says nothing of the password. */
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
    const why = 'look at the password, at a second factor, and whether the account is disabled';
    return permanent('Unauthorized', `Nextcloud refuses the password of the account ${this.#username} (401): ${why}`);
  }
}
