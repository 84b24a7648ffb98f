import { randomUUID } from 'node:crypto';
import type { Arrival } from '../arrival.js';
import { type Incoming, type Routes, router } from '../routes.js';
import type { UsageOptions } from '../last-use.js';
import type { PropagationOptions } from '../propagation.js';
import { type LabOptions, type LabServer, serve } from '../server.js';
import { refusal } from './answers.js';
import { inferenceRoutes } from './inference.js';
import { organizationRoutes } from './organization.js';
import { createState, type Inference, type Key, lastUsedAt, type OpenAiState, type Policy } from './state.js';

export interface OpenAiLabOptions extends LabOptions, UsageOptions, PropagationOptions {
  /** Simulates an older API: a service account's keys can be deleted only together with it. */
  readonly deletesWithAccount?: boolean;
}

/** A key as the provider sees it, value included. */
export interface OpenAiLabKey {
  readonly id: string;
  readonly value: string;
  readonly name: string;
  /** Null for a key that belongs to a person. */
  readonly accountId: string | null;
  readonly accountName: string | null;
  /** Unix seconds, as the organization's administrators see it. */
  readonly lastUsedAt: number | null;
  /** Its permissions; empty means all. */
  readonly scopes: readonly string[];
  readonly deleted: boolean;
}

export interface OpenAiLab extends LabServer {
  /** `url` and `/v1`. */
  readonly baseUrl: string;
  readonly adminKey: string;
  /** An admin key that may only read. A write with it answers 401, as for missing permissions. */
  readonly readOnlyAdminKey: string;
  readonly project: string;
  /** The organization's default project, which takes no service accounts. */
  readonly defaultProject: string;
  /** Every key of the organization's projects, including deleted ones, oldest first. */
  keys(): OpenAiLabKey[];
  /** Every chat and embedding request with a working key, whether permitted or not, in order. */
  inferences(): readonly Inference[];
  /** Documents that were answered, oldest first. */
  arrivals(): Arrival[];
  /** Whether a call with this value would be accepted right now. Does not count as a use. */
  works(value: string): boolean;
  /** Every value that is accepted right now. */
  working(): string[];
  /** Creates a key that belongs to a person, for which there is no API call. */
  createUserKey(name: string): OpenAiLabKey;
  /** Creates a service account with this many keys (1 when left out), as another user would. A single key may have a given value. */
  createServiceAccount(name: string, keys?: number, value?: string): OpenAiLabAccount;
  /** The provider revokes a key by itself, for instance after a leak. */
  killKey(id: string): void;
  /** New keys may only list models: they are accepted, but an engine cannot use them. False gives every key all permissions again. */
  restrictNewKeys(restricted: boolean): void;
  /** Makes the admin key expire at this time (Unix seconds). */
  endAdminKey(at: number): void;
  /** Sets the organization's policy for new keys. */
  setPolicy(policy: Policy): void;
  /** Answers chat and embedding requests for which `fails` is true with a server error. */
  failFor(fails: (asked: string) => boolean): void;
}

export interface OpenAiLabAccount {
  readonly id: string;
  readonly name: string;
  readonly keys: readonly OpenAiLabKey[];
}

/** Every route of the lab. */
export function openAiRoutes(state: OpenAiState): Routes<Incoming> {
  return { ...inferenceRoutes(state), ...organizationRoutes(state) };
}

/** OpenAI's administration API and the three calls a document engine makes (specification 2.3.0). */
export async function startOpenAiLab(options: OpenAiLabOptions = {}): Promise<OpenAiLab> {
  const state = createState({ clock: Date.now, ...options });
  const route = router(openAiRoutes(state), ({ method, path }) =>
    refusal(404, `Unknown request URL: ${method} ${path}.`, 'unknown_url'),
  );
  const server = await serve(async (request) => {
    const answer = await route(request);
    return { ...answer, headers: { 'x-request-id': `req_${randomUUID()}` } };
  }, options);
  const [full, readOnly] = state.adminKeys;
  return {
    ...server,
    baseUrl: `${server.url}/v1`,
    adminKey: full.value,
    readOnlyAdminKey: readOnly.value,
    project: state.project.id,
    defaultProject: state.defaultProject.id,
    keys: () => state.keys.map(labKey),
    ...seenBy(state),
    createUserKey: (name) => labKey(state.addKey({ project: state.project.id, account: null, propagated: true }, name)),
    createServiceAccount(name, keys = 1, value) {
      const project = state.project.id;
      const account = state.addAccount(project, name, 'member');
      const owner = { project, account, propagated: true, ...(value !== undefined && { value }) };
      const added = Array.from({ length: keys }, () => state.addKey(owner, 'Secret key'));
      return { id: account.id, name, keys: added.map(labKey) };
    },
    killKey(id) {
      const key = state.keys.find((each) => each.id === id);
      if (!key) throw new RangeError(`no such key: ${id}`);
      state.deleteKey(key);
    },
    ...switches(state),
    failFor: (fails) => void (state.fails = fails),
  };
}

function seenBy(state: OpenAiState): Pick<OpenAiLab, 'inferences' | 'arrivals' | 'works' | 'working'> {
  const valueOf = (key: string) => state.keys.find(({ id }) => id === key)?.value ?? null;
  return {
    inferences: () => state.inferences,
    arrivals: () =>
      state.inferences
        .filter(({ status }) => status === 200)
        .map(({ key, asked: content, at }) => ({ value: valueOf(key), content, at })),
    works: (value) => state.works(value),
    working: () => state.keys.map(({ value }) => value).filter((value) => state.works(value)),
  };
}

function switches(state: OpenAiState): Pick<OpenAiLab, 'setPolicy' | 'restrictNewKeys' | 'endAdminKey'> {
  return {
    setPolicy: (policy) => void (state.policy = policy),
    restrictNewKeys(restricted) {
      state.scopesOfNewKeys = restricted ? ['api.model.read'] : [];
      if (!restricted) for (const key of state.keys) key.scopes = [];
    },
    endAdminKey: (at) => void (state.adminKeys[0].expiresAt = at),
  };
}

function labKey(key: Key): OpenAiLabKey {
  const { id, value, name, account, scopes, deleted } = key;
  const owner = { accountId: account?.id ?? null, accountName: account?.name ?? null };
  return { id, value, name, ...owner, lastUsedAt: lastUsedAt(key), scopes, deleted };
}
