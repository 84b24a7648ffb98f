import type { z } from 'zod';
import { type Answer, Http, type HttpRequest, readAs } from '../shared/http.js';
import { notOf, OutsideError } from '../shared/outside-error.js';
import { permanent } from '../shared/failures.js';
import type { ProbeVerdict } from '../shared/probes.js';
import { requestTo } from './requests.js';
import { AccessToken, Account, Info, Keys, Permissions, Refusal, TokenRefusal } from './schemas.js';

export const slots = ['Key1', 'Key2'] as const;
export type Slot = (typeof slots)[number];

/** A configured account and the sign-in that manages it. */
export interface AzureConnection {
  readonly tenant: string;
  readonly clientId: string;
  /** Resolved at each use. */
  readonly clientSecret: () => Promise<string>;
  /** Resource id. */
  readonly account: string;
  /** Addresses of the data plane, of Entra and of the management API. */
  readonly endpoint: string;
  readonly login: string;
  readonly management: string;
  /** Propagation delay of a change, in milliseconds. */
  readonly propagationMs: number;
}

/** Timeout of a request: four fit into a start-to-close timeout. */
const deadlineMs = 10_000;

const managementVersion = '2025-09-01';
const permissionsVersion = '2022-04-01';
const documentsVersion = '2024-11-30';

/** Manages an account's two keys, and asks its data plane whether it accepts one. Signs in once. */
export class AzureClient {
  readonly #connection: AzureConnection;
  readonly #entra: Http;
  readonly #management: Http;
  readonly #documents: Http;
  #token: Promise<string> | null = null;

  constructor(connection: AzureConnection) {
    this.#connection = connection;
    this.#entra = new Http('Entra', connection.login, deadlineMs);
    this.#management = new Http('Azure', connection.management, deadlineMs);
    this.#documents = new Http('Azure', connection.endpoint, deadlineMs);
  }

  /** Asks with the value itself, at no cost. */
  async tryKey(value: string): Promise<ProbeVerdict> {
    const answer = await this.#documents.send({
      ...requestTo('showInfo', {}, `?api-version=${documentsVersion}`),
      headers: { 'ocp-apim-subscription-key': value },
      allow: [401, 403, 404],
    });
    return { verdict: verdictOf(answer), providerTime: answer.providerTime };
  }

  account(): Promise<Account> {
    return this.#manage(Account, { operation: 'getAccount', method: 'GET' });
  }

  permissions(): Promise<Permissions> {
    const path = '/providers/Microsoft.Authorization/permissions';
    return this.#manage(Permissions, {
      operation: 'listPermissions',
      method: 'GET',
      path,
      version: permissionsVersion,
    });
  }

  /** Both keys with their values. Azure requires a POST for this, although it changes nothing. */
  keys(): Promise<Keys> {
    return this.#manage(Keys, { operation: 'listKeys', method: 'POST', path: '/listKeys' });
  }

  /** Replaces the value in a slot, which is refused from then on. Returns both keys. Each call makes a new value. */
  regenerate(slot: Slot): Promise<Keys> {
    return this.#manage(Keys, {
      operation: 'regenerateKey',
      method: 'POST',
      path: '/regenerateKey',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ keyName: slot }),
    });
  }

  async #manage<S extends z.ZodType>(
    schema: S,
    { path = '', version = managementVersion, ...request }: Managing,
  ): Promise<z.infer<S>> {
    const answer = await this.#management.send({
      ...request,
      path: `${this.#connection.account}${path}?api-version=${version}`,
      headers: { ...request.headers, authorization: `Bearer ${await (this.#token ??= this.#signIn())}` },
      allow: [400, 401, 403, 404],
    });
    if (answer.status >= 400 && refusalIn(answer.text).code === undefined)
      throw notOf('Azure', request.operation, answer.status);
    if (answer.status === 400) throw badRequest(request.operation, answer);
    if (answer.status === 401 || answer.status === 403)
      throw permanent(
        'Unauthorized',
        `Azure forbade ${request.operation} (${answer.status}): the app needs a role that may read the account, list its keys and regenerate them`,
      );
    if (answer.status === 404) throw permanent('Rejected', 'Azure has no such account (404): check its resource id');
    return answer.json(schema);
  }

  async #signIn(): Promise<string> {
    const { tenant, clientId, clientSecret, management } = this.#connection;
    const answer = await this.#entra.send({
      ...requestTo('signIn', { tenant }),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: await clientSecret(),
        scope: `${management}/.default`,
      }).toString(),
      allow: [400, 401],
    });
    if (answer.status === 200) return answer.json(AccessToken).access_token;
    throw signInRefused(answer);
  }
}

/** A request to the management API. Its path is below the account's resource id. */
interface Managing extends Omit<HttpRequest, 'path' | 'allow'> {
  readonly path?: string;
  readonly version?: string;
}

/** Only Azure's own 401 is about the key. A 404 is about the address, a 403 about a firewall or about keys in general. */
function verdictOf(answer: Answer): ProbeVerdict['verdict'] {
  const { status, text, headers } = answer;
  if (status === 200) {
    answer.json(Info);
    return 'accepted';
  }
  const { code, message } = refusalIn(text);
  if (status === 401 && code === '401') return 'refused';
  if (code === 'AuthenticationTypeDisabled') throw keysAreOff();
  if (status === 403 && message.startsWith('Out of call volume quota')) throw usedUp(headers['retry-after']);
  if (status === 404 && code === '404')
    throw permanent(
      'Rejected',
      `the endpoint does not offer Document Intelligence ${documentsVersion} (404): check it`,
    );
  throw new OutsideError('Azure', 'showInfo', { code: `${status} without a verdict on the key` });
}

function refusalIn(text: string): Partial<Refusal['error']> & { readonly message: string } {
  return readAs(Refusal, text)?.error ?? { message: '' };
}

/** Disabled keys can be neither listed nor regenerated. */
function badRequest(operation: string, { status, text }: Answer): Error {
  return refusalIn(text).message.includes('disableLocalAuth')
    ? keysAreOff()
    : new OutsideError('Azure', operation, { status });
}

function keysAreOff(): Error {
  return permanent(
    'Rejected',
    'keys are disabled at the Azure account (disableLocalAuth, set by a person or a policy): there is nothing to rotate, and every key is refused',
  );
}

function usedUp(retryAfter: string | string[] | undefined): Error {
  const seconds = Number(retryAfter);
  const when = seconds > 0 ? `, again in ${Math.ceil(seconds / 3600)} hours` : '';
  return permanent(
    'Rejected',
    `the free calls of the Azure account are used up (403)${when}: whether the key is valid is not known`,
  );
}

function signInRefused({ status, text }: Answer): Error {
  const reason = readAs(TokenRefusal, text)?.error;
  if (reason === undefined) return notOf('Entra', 'signIn', status);
  return permanent('Unauthorized', `Entra refused the sign-in (${reason}): check tenant, clientId and clientSecret`);
}
