import { z } from 'zod';
import { type Answer, type Incoming, jsonBody, type Routes } from '../routes.js';
import { scopes, seconds, whyAgainstPolicy } from './accounts.js';
import { ok, page, redact, refusal, type View } from './answers.js';
import { type Account, type Key, lastUsedAt, type OpenAiState } from './state.js';

const keys = '/v1/organization/projects/{project}/api_keys';

/** At least one of the two, and neither may be null. */
const Update = z
  .object({ scopes, expires_in_seconds: seconds.optional() })
  .refine((wanted) => Object.values(wanted).some((value) => value !== undefined));

/** A project's keys of every owner. No call here creates one. */
export function keyRoutes(state: OpenAiState): Routes<Incoming> {
  const find = ({ params }: Incoming): Key | undefined =>
    state.keys.find((key) => key.id === params.key && key.project === params.project && !key.deleted);
  const missing = refusal(404, 'No such API key in this project.');
  return {
    [`GET ${keys}`](request) {
      const access = request.query.get('owner_project_access') ?? 'active';
      const isListed = (key: Key): boolean =>
        key.project === request.params.project && !key.deleted && ['any', accessOf(key)].includes(access);
      return page(request, { all: state.keys, isListed, view });
    },
    [`GET ${keys}/{key}`](request) {
      const key = find(request);
      return key ? ok(view(key)) : missing;
    },
    [`POST ${keys}/{key}`](request) {
      const key = find(request);
      return key ? update(state, key, request) : missing;
    },
    [`DELETE ${keys}/{key}`](request) {
      const key = find(request);
      if (!key) return missing;
      if (key.account && state.deletesWithAccount)
        return refusal(
          400,
          `API key ${key.id} belongs to a service account and cannot be deleted. Delete the account.`,
        );
      state.deleteKey(key);
      return ok({ object: 'organization.project.api_key.deleted', id: key.id, deleted: true });
    },
  };
}

function update(state: OpenAiState, key: Key, request: Incoming): Answer {
  const wanted = Update.safeParse(jsonBody(request));
  if (!wanted.success) return refusal(400, 'Invalid scopes or expires_in_seconds.', 'invalid_type');
  if ((key.expiresAt ?? Infinity) <= state.now()) return refusal(400, 'An expired API key cannot be updated.');
  const { scopes: may = key.scopes, expires_in_seconds: lifetime } = wanted.data;
  const against = lifetime === undefined ? null : whyAgainstPolicy(state, lifetime);
  if (against) return against;
  key.scopes = may;
  if (lifetime !== undefined) key.expiresAt = state.now() + lifetime;
  return ok(view(key));
}

/** Whether the owner may use the project. A list leaves out inactive owners unless the request asks for them. */
function accessOf(key: Key): 'active' | 'inactive' {
  return key.account?.role === 'none' ? 'inactive' : 'active';
}

function view(key: Key): View {
  return {
    object: 'organization.project.api_key',
    id: key.id,
    name: key.name,
    redacted_value: redact(key.value),
    created_at: key.createdAt,
    last_used_at: lastUsedAt(key),
    expires_at: key.expiresAt,
    owner_project_access: accessOf(key),
    owner: key.account ? { type: 'service_account', service_account: account(key.account) } : person(key),
  };
}

function account({ id, name, role, createdAt }: Account): object {
  return { id, name, role, created_at: createdAt };
}

function person({ createdAt }: Key): object {
  const user = { id: 'user_1', email: 'person@example.com', name: 'A Person', role: 'owner', created_at: createdAt };
  return { type: 'user', user };
}
