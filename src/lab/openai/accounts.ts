import { z } from 'zod';
import { type Answer, type Incoming, jsonBody, type Routes } from '../routes.js';
import { ok, page, refusal, type View } from './answers.js';
import type { Account, Key, OpenAiState } from './state.js';

const accounts = '/v1/organization/projects/{project}/service_accounts';

/** A key lives for at most a year. */
export const seconds = z.number().int().min(1).max(31_536_000);
const expires_in_seconds = seconds.nullish();
/** Only their format is checked, because no list is published. */
export const scopes = z.array(z.string().regex(/^[a-z_]+(?:\.[a-z_]+)+$/)).optional();
const NewAccount = z.object({
  name: z.string(),
  create_service_account_only: z.boolean().nullish(),
  expires_in_seconds,
});
const NewKey = z.object({ name: z.string().optional(), scopes, expires_in_seconds });

/** Service accounts and their keys. Names are not unique, and a value is shown only once. */
export function accountRoutes(state: OpenAiState): Routes<Incoming> {
  return { ...accountReads(state), ...accountWrites(state) };
}

function accountReads(state: OpenAiState): Routes<Incoming> {
  return {
    [`GET ${accounts}`](request) {
      const isListed = (account: Account): boolean => account.project === request.params.project && !account.deleted;
      return page(request, { all: state.accounts, isListed, view });
    },
    [`GET ${accounts}/{account}`]: withAccount(state, (account) => ok(view(account))),
  };
}

function accountWrites(state: OpenAiState): Routes<Incoming> {
  return {
    [`POST ${accounts}`](request) {
      const { project = '' } = request.params;
      const wanted = NewAccount.safeParse(jsonBody(request));
      if (!wanted.success) return refusal(400, "Missing required parameter: 'name'.", 'missing_required_parameter');
      if (project === state.defaultProject.id)
        return refusal(400, 'Service accounts cannot be created in the default project.');
      const { name, create_service_account_only: bare, expires_in_seconds: lifetime } = wanted.data;
      if (bare && typeof lifetime === 'number') return refusal(400, "'expires_in_seconds' requires an API key.");
      const against = bare ? null : whyAgainstPolicy(state, lifetime);
      if (against) return against;
      const account = state.addAccount(project, name, bare ? 'none' : 'member');
      return ok({
        ...view(account),
        api_key: bare ? null : created(state.addKey({ project, account, lifetime }, 'Secret key')),
      });
    },
    [`DELETE ${accounts}/{account}`]: withAccount(state, (account) => {
      state.deleteAccount(account);
      return ok({ object: 'organization.project.service_account.deleted', id: account.id, deleted: true });
    }),
    [`POST ${accounts}/{account}/api_keys`]: withAccount(state, (account, request) => {
      const wanted = NewKey.safeParse(jsonBody(request) ?? {});
      if (!wanted.success) return refusal(400, 'Invalid name, scopes or expires_in_seconds.', 'invalid_type');
      const { name = 'Secret key', expires_in_seconds: lifetime, ...rest } = wanted.data;
      const against = whyAgainstPolicy(state, lifetime);
      return against ?? ok(created(state.addKey({ project: account.project, account, lifetime, ...rest }, name)));
    }),
  };
}

/** The policies are documented; the status and the messages are not. */
export function whyAgainstPolicy({ policy }: OpenAiState, lifetime: number | null | undefined): Answer | null {
  const { longestSeconds = Infinity, noKeys } = policy;
  if (noKeys) return refusal(403, 'API key creation is disabled for this project.');
  return longestSeconds < Infinity && (lifetime ?? Infinity) > longestSeconds
    ? refusal(400, `API keys have to expire within ${longestSeconds} seconds.`)
    : null;
}

function withAccount(state: OpenAiState, answer: (account: Account, request: Incoming) => Answer) {
  return (request: Incoming): Answer => {
    const { project, account: id } = request.params;
    const account = state.accounts.find((each) => each.id === id && each.project === project && !each.deleted);
    return account ? answer(account, request) : refusal(404, 'No such service account in this project.');
  };
}

function view({ id, name, role, createdAt }: Account): View {
  return { object: 'organization.project.service_account', id, name, role, created_at: createdAt };
}

function created({ id, name, value, createdAt, expiresAt }: Key): View {
  const fields = { id, name, value, created_at: createdAt, expires_at: expiresAt };
  return { object: 'organization.project.service_account.api_key', ...fields };
}
