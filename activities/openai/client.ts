import type { z } from 'zod';
import { durationMs } from '../../src/domain/duration.js';
import { pathOf } from '../shared/endpoints.js';
import { type Answer, Http, type HttpRequest } from '../shared/http.js';
import { OutsideError } from '../shared/outside-error.js';
import type { ProbeVerdict } from '../shared/probes.js';
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
import type { OpenAiSection } from './section.js';

const deadlineMs = 20_000; // a third of the start-to-close timeout; the slowest administration call seen took seconds
const pageSize = 100; // the API's maximum
const mostPages = 200; // ten times what a project may hold

/** Client of OpenAI's administration API, which also asks whether OpenAI accepts a key. */
export class OpenAiClient {
  readonly section: OpenAiSection;
  readonly #http: Http;
  /** Resolved at each use. */
  readonly adminKey: () => Promise<string>;
  /** Scopes of a new key. Empty: everything that its service account may do. */
  readonly scopes: readonly string[];
  /** When OpenAI last answered an administration request, by its own clock (Unix seconds). */
  providerTime: number | undefined;

  constructor(section: OpenAiSection, adminKey: () => Promise<string>) {
    this.section = section;
    this.#http = new Http('OpenAI', section.baseUrl, deadlineMs);
    this.adminKey = adminKey;
    this.scopes = section.keyScopes ?? [];
  }

  get propagationMs(): number {
    return durationMs(this.section.propagation);
  }

  /** Asks with the value itself. Counts as a use of it. */
  async tryKey(value: string): Promise<ProbeVerdict> {
    const request = { operation: 'listModels', ...endpoints.listModels, headers: bearer(value), allow: [401, 403] };
    const answer = await this.#http.send(request);
    return { verdict: verdictOf(answer), providerTime: answer.providerTime };
  }

  async showProject(): Promise<z.infer<typeof Project>> {
    return (await this.#administer('getProject')).json(Project);
  }

  /** Creates a service account together with its first key. After a lost answer the account can be found only by its name. */
  async createAccount(name: string): Promise<z.infer<typeof CreatedServiceAccount>> {
    return (await this.#make('createAccount', { name })).json(CreatedServiceAccount);
  }

  /** Sets the configured scopes. A key that is created with its account takes none at its creation. */
  async scopeKey(key: string): Promise<void> {
    const body = { scopes: this.scopes };
    if ((await this.#administer('scopeKey', { values: { key }, body, allow: [400] })).status === 400)
      throw unknownScopes(this.section.project);
  }

  /** Creates one more key of a service account. Null when there is no such account. After a lost answer the key can be found only by its name. */
  async createKey(account: string, name: string): Promise<CreatedKey | null> {
    const body = { name, ...(this.scopes.length > 0 && { scopes: this.scopes }) };
    const answer = await this.#make('createKey', body, { values: { account }, allow: [404] });
    if (answer.status !== 404) return answer.json(CreatedKey);
    refusalIn(answer, 'createKey');
    return null;
  }

  /** Every service account of the project. */
  accounts(): Promise<ServiceAccount[]> {
    return this.#all('listAccounts', ServiceAccount);
  }

  /** Every key of the project, including keys of owners without access to it. */
  keys(): Promise<ProjectKey[]> {
    return this.#all('listKeys', ProjectKey, 'owner_project_access=any&');
  }

  /** The organization's admin keys. */
  adminKeys(): Promise<z.infer<typeof AdminKey>[]> {
    return this.#all('listAdminKeys', AdminKey);
  }

  /** Deletes a service account with all its keys. Idempotent. */
  async deleteAccount(account: string): Promise<void> {
    requireGone(await this.#administer('deleteAccount', { values: { account }, allow: [404] }), 'deleteAccount');
  }

  /** Deletes one key, whoever owns it. Idempotent. False where OpenAI deletes a service account's key only together with the account. */
  async deleteKey(key: string): Promise<boolean> {
    const answer = await this.#administer('deleteKey', { values: { key }, allow: [400, 404] });
    if (answer.status !== 400) requireGone(answer, 'deleteKey');
    else if (!refusalIn(answer, 'deleteKey').message.includes('service account'))
      throw new OutsideError('OpenAI', 'deleteKey', { status: 400 });
    return answer.status !== 400;
  }

  /** Tries one lifetime after the other. A refused request creates nothing. */
  async #make(operation: Operation, wanted: object, details: Details = {}): Promise<Answer> {
    const allow = [...(details.allow ?? []), 400, 403];
    const { keyLifetime } = this.section;
    for (const seconds of lifetimes(keyLifetime)) {
      const body = { ...wanted, ...(seconds !== null && { expires_in_seconds: seconds }) };
      const answer = await this.#administer(operation, { ...details, body, allow });
      if (answer.status !== 400 && answer.status !== 403) return answer;
      const error = refusalIn(answer, operation);
      if (lacksScope(error) || barred(error)) throw ofAdmin(answer, operation, this.propagationMs);
      if (!speaksOfEnds(error)) throw await this.#whyNotMade(answer.status);
    }
    throw noLifetime(keyLifetime !== undefined);
  }

  /** The Default project is recognizable only by its name. */
  async #whyNotMade(status: number): Promise<Error> {
    const { project } = this.section;
    const { name, status: state, archived_at: archivedAt = null } = await this.showProject();
    if (name === 'Default project' || state === 'archived' || archivedAt !== null) return takesNoAccounts(project);
    return status === 400 && this.scopes.length > 0 ? unknownScopes(project) : allowsNoKeys(project, status);
  }

  async #all<S extends z.ZodType<{ id: string }>>(operation: Operation, item: S, filter = ''): Promise<z.infer<S>[]> {
    const items = new Map<string, z.infer<S>>();
    for (let pages = 0; pages < mostPages; pages += 1) {
      const after = [...items.keys()].at(-1);
      const cursor = after === undefined ? '' : `&after=${encodeURIComponent(after)}`;
      const answer = await this.#administer(operation, { query: `?${filter}limit=${pageSize}${cursor}` });
      const page = answer.json(Page(item));
      const before = items.size;
      for (const each of page.data) items.set(each.id, each);
      if (!page.has_more || items.size === before) return [...items.values()];
    }
    throw new OutsideError('OpenAI', operation, { code: 'LIST_WITHOUT_END' });
  }

  async #administer(operation: Operation, details: Details = {}): Promise<Answer> {
    const { values = {}, query = '', body, allow = [] } = details;
    const { method, path }: RequestLine = endpoints[operation];
    const answer = await this.#http.send({
      ...{ operation, method },
      path: pathOf({ path }, { project: this.section.project, ...values }) + query,
      headers: { ...(body && json), ...bearer(await this.adminKey()) },
      ...(body && { body: JSON.stringify(body) }),
      allow: [...allow, 401, 403],
    });
    this.providerTime = answer.providerTime;
    if ((answer.status === 401 || answer.status === 403) && !allow.includes(answer.status))
      throw ofAdmin(answer, operation, this.propagationMs);
    return answer;
  }
}

type Operation = keyof typeof endpoints;
type RequestLine = Pick<HttpRequest, 'method' | 'path'>;

interface Details {
  /** For the path, besides the project. */
  readonly values?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: object;
  readonly allow?: readonly number[];
}

/**
 * Lifetimes to request one after the other, in seconds. Null: no expiry. A policy of the organization or the project may demand an
 * expiry and refuse the longest one. An emergency must not fail because of that.
 */
function lifetimes(configured: OpenAiSection['keyLifetime']): readonly (number | null)[] {
  if (configured !== undefined) return [Math.floor(durationMs(configured) / 1000)];
  return [null, ...[365, 180, 90, 60, 30, 14, 7, 1].map((days) => days * daySeconds)];
}

const daySeconds = 86_400;
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
