import { z } from 'zod';
import { type Answer, type Handler, type Incoming, jsonBody, type Routes } from '../routes.js';
import { type Account, type App, type AzureState, type Slot, slots } from './state.js';

const path =
  '/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.CognitiveServices/accounts/{name}';
const actions = 'Microsoft.CognitiveServices/accounts';

/** Case-sensitive, like Azure's names of the slots. */
const Regeneration = z.object({ keyName: z.enum(slots) });

/** Azure's resource management API for one account. Callers need a role on it. */
export function managementRoutes(state: AzureState): Routes<Incoming> {
  const allowed = (action: string, handle: (account: Account, request: Incoming) => Answer): Handler<Incoming> =>
    authorized(state, { action, apiVersion: '2025-09-01' }, ({ account, request }) => handle(account, request));
  return {
    [`GET ${path}`]: allowed(`${actions}/read`, (account, { headers }) => ({
      status: 200,
      body: view(account, headers.host),
    })),
    [`POST ${path}/listKeys`]: allowed(
      `${actions}/listKeys/action`,
      (account) => whyNoKeys(account, 'list') ?? keysOf(state, account),
    ),
    [`GET ${path}/listKeys`]: () => refusal(405, 'MethodNotAllowed', "The requested resource doesn't support GET."),
    [`POST ${path}/regenerateKey`]: allowed(`${actions}/regenerateKey/action`, (account, request) => {
      const wanted = Regeneration.safeParse(jsonBody(request));
      if (!wanted.success) return refusal(400, 'InvalidParameter', 'keyName has to be Key1 or Key2.');
      const off = whyNoKeys(account, 'regenerate');
      if (off) return off;
      state.regenerate(account, wanted.data.keyName, 'a program');
      return keysOf(state, account);
    }),
    [`GET ${path}/providers/Microsoft.Authorization/permissions`]: authorized(
      state,
      { action: 'Microsoft.Authorization/permissions/read', apiVersion: '2022-04-01' },
      ({ app }) => ({ status: 200, body: { value: [{ actions: app.actions, notActions: [] }] } }),
    ),
  };
}

interface Allowed {
  readonly account: Account;
  readonly app: App;
  readonly request: Incoming;
}

/** Checks in the order of the real API: version, token, permission, and only then whether the account exists. */
function authorized(
  state: AzureState,
  { action, apiVersion }: { readonly action: string; readonly apiVersion: string },
  handle: (allowed: Allowed) => Answer,
): Handler<Incoming> {
  return (request) => {
    const wrongVersion = whyNotVersion(request, apiVersion);
    if (wrongVersion) return wrongVersion;
    const app = state.appOf(/^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '');
    if (app === 'expired')
      return refusal(401, 'ExpiredAuthenticationToken', 'The access token expiry time has passed.');
    if (!app) return refusal(401, 'InvalidAuthenticationToken', 'The access token is invalid.');
    const own = `${request.path}/`.startsWith(`${state.account.id}/`);
    if (!own || !app.actions.some((pattern) => covers(pattern, action)))
      return refusal(403, 'AuthorizationFailed', `The client '${app.clientId}' is not authorized to do '${action}'.`);
    return handle({ account: state.account, app, request });
  };
}

function whyNotVersion({ query }: Incoming, apiVersion: string): Answer | null {
  const asked = query.get('api-version');
  if (asked === apiVersion) return null;
  return asked === null
    ? refusal(400, 'MissingApiVersionParameter', 'The api-version query parameter is required.')
    : refusal(400, 'NoRegisteredProviderFound', `No registered resource provider found for version '${asked}'.`);
}

/** Actions of roles may contain `*`, and are case-insensitive. */
function covers(pattern: string, action: string): boolean {
  const literal = pattern.replace(/[.*+?^${}()|[\]\\]/g, (found) => (found === '*' ? '.*' : `\\${found}`));
  return new RegExp(`^${literal}$`, 'i').test(action);
}

function keysOf(state: AzureState, account: Account): Answer {
  const value = (slot: Slot): string => state.inSlot(account, slot).value;
  return { status: 200, body: { key1: value('Key1'), key2: value('Key2') } };
}

/** The real API was seen to answer a list request like this. For a regeneration it is an assumption. */
function whyNoKeys({ localAuthDisabled }: Account, verb: string): Answer | null {
  return localAuthDisabled
    ? refusal(400, 'BadRequest', `Failed to ${verb} key. disableLocalAuth is set to be true`)
    : null;
}

function view({ id, name, localAuthDisabled }: Account, host = ''): object {
  const endpoint = `http://${host}/`;
  const endpoints = { FormRecognizer: endpoint };
  const properties = { provisioningState: 'Succeeded', disableLocalAuth: localAuthDisabled, endpoint, endpoints };
  return { id, name, kind: 'FormRecognizer', type: actions, location: 'westeurope', properties };
}

function refusal(status: number, code: string, message: string): Answer {
  return { status, body: { error: { code, message } } };
}
