import { z } from 'zod';
import { type Answer, type Handler, type Incoming, jsonBody, type Routes } from '../routes.js';
import { accountRoutes } from './accounts.js';
import { bearer, ok, page, redact, refusal, type View } from './answers.js';
import { keyRoutes } from './keys.js';
import type { AdminKey, OpenAiState, Project } from './state.js';

const project = '/v1/organization/projects/{project}';

const ProjectUpdate = z.object({ name: z.string().nullish() });

/** The administration API, for admin keys only. */
export function organizationRoutes(state: OpenAiState): Routes<Incoming> {
  const routes: Routes<Incoming> = {
    'GET /v1/organization/admin_api_keys': (request) =>
      page(request, { all: state.adminKeys, isListed: () => true, view: adminKeyView }),
    [`GET ${project}`]: ({ params }) =>
      ok(projectView(params.project === state.project.id ? state.project : state.defaultProject)),
    [`POST ${project}`](request) {
      const update = ProjectUpdate.safeParse(jsonBody(request));
      if (!update.success) return refusal(400, "Invalid type for 'name'.", 'invalid_type');
      if (request.params.project === state.defaultProject.id)
        return refusal(400, 'The default project cannot be changed.');
      state.project.name = update.data.name ?? state.project.name;
      return ok(projectView(state.project));
    },
    ...keyRoutes(state),
    ...accountRoutes(state),
  };
  return Object.fromEntries(Object.entries(routes).map(([route, handle]) => [route, administered(state, handle)]));
}

/** Requires an admin key and an existing project. A read-only key may only read. */
function administered(state: OpenAiState, handle: Handler<Incoming>): Handler<Incoming> {
  return (request) => whyNotAdmin(state, request) ?? whyNoProject(state, request.params.project) ?? handle(request);
}

function whyNotAdmin(state: OpenAiState, request: Incoming): Answer | null {
  const value = bearer(request);
  const key = state.adminKeys.find((each) => each.value === value);
  if (!key) return wrongKey(value);
  if (!key.readOnly || request.method === 'GET') return null;
  return missingScope('api.management.write');
}

function whyNoProject(state: OpenAiState, id: string | undefined): Answer | null {
  const known = [undefined, state.project.id, state.defaultProject.id].includes(id);
  return known ? null : refusal(404, `No such project: ${id}.`);
}

/** 401, with part of the refused value in the message, like the real API. */
export function wrongKey(value: string | null): Answer {
  return value === null
    ? refusal(401, "You didn't provide an API key.")
    : refusal(401, `Incorrect API key provided: ${redact(value)}.`, 'invalid_api_key');
}

/** The key is valid but not permitted: 401 without a code, according to reports about the real API. */
export function missingScope(scope: string): Answer {
  const message = `You have insufficient permissions for this operation. Missing scopes: ${scope}.`;
  return refusal(401, message);
}

function projectView({ id, name, createdAt }: Project): View {
  return {
    object: 'organization.project',
    id,
    name,
    created_at: createdAt,
    archived_at: null,
    status: 'active',
    external_key_id: null,
  };
}

function adminKeyView({ id, name, value, createdAt, expiresAt }: AdminKey): View {
  const owner = { type: 'user', object: 'organization.user', id: 'user_1', name: 'A Person', role: 'owner' };
  return {
    object: 'organization.admin_api_key',
    id,
    name,
    redacted_value: redact(value),
    created_at: createdAt,
    expires_at: expiresAt,
    last_used_at: null,
    owner: { ...owner, created_at: createdAt },
  };
}
