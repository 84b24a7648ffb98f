import type { z } from 'zod';
import { pathOf } from '../shared/endpoints.js';
import { type Answer, Http, type HttpRequest } from '../shared/http.js';
import { OutsideError } from '../shared/outside-error.js';
import type { ProbeVerdict } from '../shared/probes.js';
import { lifetimes } from './lifetime.js';
import {
  allowsNoKeys,
  barred,
  lacksScope,
  noLifetime,
  ofAdmin,
  refusalIn,
  speaksOfEnds,
  takesNoAccounts,
  unknownScopes,
} from './refusals.js';
import { endpoints } from './requests.js';
import {
  AdminKey,
  CreatedKey,
  CreatedServiceAccount,
  Deleted,
  Models,
  Page,
  Project,
  ProjectKey,
  ServiceAccount,
} from './schemas.js';

/** A configured project of an organization. */
export interface OpenAiConnection {
  /** Resolved at each use. */
  readonly adminKey: () => Promise<string>;
  /** Id of the project that the keys belong to. */
  readonly project: string;
  /** Up to and including the API version, such as https://api.openai.com/v1. */
  readonly baseUrl: string;
  /** Propagation delay of a change, in milliseconds. */
  readonly propagationMs: number;
  /** Lifetime of a new key, in milliseconds. Null: no expiry, unless a policy demands one. */
  readonly keyLifetimeMs: number | null;
  /** Scopes of a new key. Empty: everything that its service account may do. */
  readonly keyScopes: readonly string[];
  /** Of several uses within this time the provider may record only the first, in milliseconds. */
  readonly usageResolutionMs: number;
}

const deadlineMs = 20_000; // a third of the start-to-close timeout; the slowest administration call seen took seconds
const pageSize = 100; // the API's maximum
const mostPages = 200; // ten times what a project may hold

/** Client of OpenAI's administration API, which also asks whether OpenAI accepts a key. */
export class OpenAiClient {
  readonly #http: Http;
  readonly #adminKey: () => Promise<string>;
  readonly #project: string;
  readonly #propagationMs: number;
  readonly #keyLifetimeMs: number | null;
  /** Scopes of a new key. Empty: everything that its service account may do. */
  readonly scopes: readonly string[];
  #providerTime: number | undefined;

  /** When OpenAI last answered an administration request, by its own clock (Unix seconds). */
  get providerTime(): number | undefined {
    return this.#providerTime;
  }

  constructor({ adminKey, project, baseUrl, propagationMs, keyLifetimeMs, keyScopes }: OpenAiConnection) {
    this.#http = new Http('OpenAI', baseUrl, deadlineMs);
    this.#adminKey = adminKey;
    this.#project = project;
    this.#propagationMs = propagationMs;
    this.#keyLifetimeMs = keyLifetimeMs;
    this.scopes = keyScopes;
  }

  /** Asks with the value itself. Counts as a use of it. */
  async tryKey(value: string): Promise<ProbeVerdict> {
    const answer = await this.#http.send({
      operation: 'listModels',
      method: endpoints.listModels.method,
      path: endpoints.listModels.path,
      headers: bearer(value),
      allow: [401, 403],
    });
    return { verdict: verdictOf(answer), providerTime: answer.providerTime };
  }

  async project(): Promise<Project> {
    const answer = await this.#administer({
      operation: 'getProject',
      method: endpoints.getProject.method,
      path: pathOf(endpoints.getProject, { project: this.#project }),
    });
    return answer.json(Project);
  }

  /** Creates a service account together with its first key. After a lost answer the account can be found only by its name. */
  async createAccount(name: string): Promise<CreatedServiceAccount> {
    const path = pathOf(endpoints.createAccount, { project: this.#project });
    return (await this.#make({ name }, { operation: 'createAccount', path })).json(CreatedServiceAccount);
  }

  /** Sets the configured scopes. A key that is created with its account takes none at its creation. */
  async scopeKey(key: string): Promise<void> {
    const path = pathOf(endpoints.scopeKey, { project: this.#project, key });
    const body = JSON.stringify({ scopes: this.scopes });
    const request = { operation: 'scopeKey', method: 'POST', path, headers: json, body, allow: [400] } as const;
    if ((await this.#administer(request)).status === 400) throw unknownScopes(this.#project);
  }

  /** Creates one more key of a service account. Null when there is no such account. After a lost answer the key can be found only by its name. */
  async createKey(account: string, name: string): Promise<CreatedKey | null> {
    const path = pathOf(endpoints.createKey, { project: this.#project, account });
    const scopes = this.scopes.length > 0 && { scopes: this.scopes };
    const answer = await this.#make({ name, ...scopes }, { operation: 'createKey', path, allow: [404] });
    if (answer.status !== 404) return answer.json(CreatedKey);
    refusalIn(answer, 'createKey');
    return null;
  }

  /** Every service account of the project. */
  accounts(): Promise<ServiceAccount[]> {
    return this.#all('listAccounts', pathOf(endpoints.listAccounts, { project: this.#project }), ServiceAccount);
  }

  /** Every key of the project, including keys of owners without access to it. */
  keys(): Promise<ProjectKey[]> {
    const path = pathOf(endpoints.listKeys, { project: this.#project });
    return this.#all('listKeys', `${path}?owner_project_access=any`, ProjectKey);
  }

  /** The organization's admin keys. */
  adminKeys(): Promise<AdminKey[]> {
    return this.#all('listAdminKeys', endpoints.listAdminKeys.path, AdminKey);
  }

  /** Deletes a service account with all its keys. Idempotent. */
  async deleteAccount(account: string): Promise<void> {
    const answer = await this.#administer({
      operation: 'deleteAccount',
      method: endpoints.deleteAccount.method,
      path: pathOf(endpoints.deleteAccount, { project: this.#project, account }),
      allow: [404],
    });
    requireGone(answer, 'deleteAccount');
  }

  /** Deletes one key, whoever owns it. Idempotent. False where OpenAI deletes a service account's key only together with the account. */
  async deleteKey(key: string): Promise<boolean> {
    const answer = await this.#administer({
      operation: 'deleteKey',
      method: endpoints.deleteKey.method,
      path: pathOf(endpoints.deleteKey, { project: this.#project, key }),
      allow: [400, 404],
    });
    if (answer.status === 400 && refusalIn(answer, 'deleteKey').message.includes('service account')) return false;
    if (answer.status !== 400) {
      requireGone(answer, 'deleteKey');
      return true;
    }
    throw new OutsideError('OpenAI', 'deleteKey', { status: 400 });
  }

  /** Tries one lifetime after the other. A refused request creates nothing. */
  async #make(wanted: object, what: Pick<HttpRequest, 'operation' | 'path' | 'allow'>): Promise<Answer> {
    const { operation, allow = [] } = what;
    const request = { ...what, method: 'POST', headers: json } as const;
    for (const seconds of lifetimes(this.#keyLifetimeMs)) {
      const body = JSON.stringify({ ...wanted, ...(seconds !== null && { expires_in_seconds: seconds }) });
      const answer = await this.#administer({ ...request, body, allow: [...allow, 400, 403] });
      if (answer.status !== 400 && answer.status !== 403) return answer;
      const error = refusalIn(answer, operation);
      if (lacksScope(error) || barred(error)) throw ofAdmin(answer, operation, this.#propagationMs);
      if (!speaksOfEnds(error)) throw await this.#whyNotMade(answer.status);
    }
    throw noLifetime(this.#keyLifetimeMs !== null);
  }

  /** The Default project is recognizable only by its name. */
  async #whyNotMade(status: number): Promise<Error> {
    const { name, status: state, archived_at: archivedAt = null } = await this.project();
    if (name === 'Default project' || state === 'archived' || archivedAt !== null)
      return takesNoAccounts(this.#project);
    return status === 400 && this.scopes.length > 0
      ? unknownScopes(this.#project)
      : allowsNoKeys(this.#project, status);
  }

  async #all<S extends z.ZodType<{ id: string }>>(operation: string, path: string, item: S): Promise<z.infer<S>[]> {
    const items = new Map<string, z.infer<S>>();
    for (let pages = 0; pages < mostPages; pages += 1) {
      const after = [...items.keys()].at(-1);
      const query = `limit=${pageSize}${after === undefined ? '' : `&after=${encodeURIComponent(after)}`}`;
      const separator = path.includes('?') ? '&' : '?';
      const answer = await this.#administer({ operation, method: 'GET', path: `${path}${separator}${query}` });
      const page = answer.json(Page(item));
      const before = items.size;
      for (const each of page.data) items.set(each.id, each);
      if (!page.has_more || items.size === before) return [...items.values()];
    }
    throw new OutsideError('OpenAI', operation, { code: 'LIST_WITHOUT_END' });
  }

  async #administer(request: HttpRequest): Promise<Answer> {
    const answer = await this.#http.send({
      ...request,
      headers: { ...request.headers, ...bearer(await this.#adminKey()) },
      allow: [...(request.allow ?? []), 401, 403],
    });
    this.#providerTime = answer.providerTime;
    const handled = request.allow?.includes(answer.status) ?? false;
    if (!handled && (answer.status === 401 || answer.status === 403))
      throw ofAdmin(answer, request.operation, this.#propagationMs);
    return answer;
  }
}

const json = { 'content-type': 'application/json' };

/** Requires OpenAI's own answer that the key or account is gone. */
function requireGone(answer: Answer, operation: string): void {
  if (answer.status === 404) refusalIn(answer, operation);
  else answer.json(Deleted);
}

function bearer(value: string): { authorization: string } {
  return { authorization: `Bearer ${value}` };
}

/** A 401 or 403 in another shape than OpenAI's comes from a proxy and is no verdict on the key. */
function verdictOf(answer: Answer): ProbeVerdict['verdict'] {
  if (answer.status === 200) {
    answer.json(Models);
    return 'accepted';
  }
  const error = refusalIn(answer, 'listModels');
  if (answer.status === 401 && error.code === 'invalid_api_key') return 'refused';
  if (lacksScope(error)) return 'restricted';
  throw (
    barred(error) ?? new OutsideError('OpenAI', 'listModels', { code: `${answer.status} without a verdict on the key` })
  );
}
