import { type Answer, readAs } from '../shared/http.js';
import { notOf } from '../shared/outside-error.js';
import { passing, permanent } from '../shared/failures.js';
import { doubted } from '../shared/propagation.js';
import { Refusal } from './schemas.js';

/** Scopes that OpenAI may name in "Missing scopes: …". Any other text of its message is not passed on. */
const scopes = ['api.management.read', 'api.management.write', 'api.model.read', 'model.read', 'model.request'];

/** Codes about the caller, never about the value: https://developers.openai.com/api/docs/guides/error-codes */
const advice: Readonly<Record<string, string>> = {
  account_deactivated: "OpenAI has deactivated the account: contact OpenAI's support, or check the billing",
  billing_not_active: 'the billing of the OpenAI account is not active',
  incorrect_hostname:
    'the project is bound to another host, such as https://eu.api.openai.com/v1: set baseUrl to that host',
  ip_not_authorized: "this machine's address is not on OpenAI's allowlist: add it (platform settings, IP allowlist)",
  organization_deactivated: "OpenAI has deactivated the organization: contact OpenAI's support",
  unsupported_country_region_territory: 'OpenAI does not serve the country of this machine',
};

/** Codes about the caller's network, which may change by itself. */
const ofThePlace = ['ip_not_authorized', 'unsupported_country_region_territory'];

/** OpenAI's error in a refusal. Throws for a body in another shape, which comes from a proxy. */
export function refusalIn({ status, text }: Answer, operation: string): Refusal['error'] {
  const refusal = readAs(Refusal, text);
  if (!refusal) throw notOf('OpenAI', operation, status);
  return refusal.error;
}

/** Whether the key is known but lacks a scope. Only the message tells: the code is null and the status 401. */
export function lacksScope({ code, message }: Refusal['error']): boolean {
  return code === 'missing_scope' || message.includes('Missing scopes');
}

/** Why OpenAI refuses this caller whatever the key. Null for a refusal of another kind. */
export function barred({ code }: Refusal['error']): Error | null {
  const what = code === null ? undefined : advice[code];
  if (what === undefined || code === null) return null;
  return ofThePlace.includes(code) ? passing(`${what} (${code})`) : permanent('Rejected', `${what} (${code})`);
}

/** A refusal of the admin key. OpenAI refuses valid ones in bursts, so it is final only when it lasts. */
export function ofAdmin(answer: Answer, operation: string, propagationMs: number): Error {
  const { status } = answer;
  const error = refusalIn(answer, operation);
  const missing = scopes.filter((scope) => error.message.includes(scope));
  const lacks = missing.length > 0 ? `lacks ${missing.join(', ')}` : 'lacks a right';
  const why = lacksScope(error)
    ? `the admin key ${lacks} (${status}): it needs "Organization Administration: write"`
    : status === 401
      ? `OpenAI refused the admin key (${status}): configure a valid one`
      : `OpenAI forbade this to the admin key (${status}): it needs "Organization Administration: write"`;
  // OpenAI numbers its answers. It is not documented that it numbers all of them, so this is only a hint.
  const hint = '. The answer has no x-request-id, so something between here and OpenAI may have given it';
  return barred(error) ?? doubted(why + (answer.headers['x-request-id'] === undefined ? hint : ''), propagationMs);
}

/** Whether a policy demands an expiry, or an earlier one. The message is not documented, so only the stem is matched. */
export function speaksOfEnds({ message }: Refusal['error']): boolean {
  return /expir/i.test(message);
}

export function noLifetime(isConfigured: boolean): Error {
  const why = isConfigured ? 'refuses the configured keyLifetime' : 'refuses every lifetime of a key';
  return permanent('Rejected', `a policy of the OpenAI organization or project ${why}: check its settings, API keys`);
}

/** Neither status nor code of this refusal is documented. */
export function allowsNoKeys(project: string, status: number): Error {
  return permanent(
    'Rejected',
    `OpenAI refused a key in ${project} (${status}), which is neither the Default project nor archived: a policy of the organization or ` +
      'the project may forbid keys of service accounts, or all new keys (platform settings, API keys)',
  );
}

/** The message of this refusal is not documented. */
export function unknownScopes(project: string): Error {
  return permanent(
    'Rejected',
    `OpenAI refused a key with the configured keyScopes in ${project} (400): one of them may be unknown, or a policy may forbid it`,
  );
}

export function takesNoAccounts(project: string): Error {
  return permanent(
    'Rejected',
    `OpenAI refused a service account in ${project} (400): neither the Default project nor an archived one takes any. ` +
      'Create a project for DocuElevate and configure its id',
  );
}
