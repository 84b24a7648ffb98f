import type { Answer } from '../shared/http.js';
import { OutsideError } from '../shared/outside-error.js';
import { passing, permanent } from '../shared/failures.js';
import { doubted } from '../shared/propagation.js';
import { Refusal } from './schemas.js';

/** Rights that OpenAI names in "Missing scopes: …"; what else it may say is not passed on. */
const scopes = ['api.management.read', 'api.management.write', 'api.model.read', 'model.read', 'model.request'];

/** Codes that speak of the caller, never of the value it asked with: https://developers.openai.com/api/docs/guides/error-codes */
const advice: Readonly<Record<string, string>> = {
  account_deactivated: 'OpenAI has deactivated the account: ask its support, or look at the billing',
  billing_not_active: 'the billing of the OpenAI account is not active',
  incorrect_hostname:
    'the project is bound to another host, such as https://eu.api.openai.com/v1: write it into baseUrl',
  ip_not_authorized: "this machine's address is not on OpenAI's allowlist: add it (platform settings, IP allowlist)",
  organization_deactivated: 'OpenAI has deactivated the organization: ask its support',
  unsupported_country_region_territory: 'OpenAI does not serve the country that this machine calls from',
};

/** Those that speak of where the caller is, which changes by itself. */
const ofThePlace = ['ip_not_authorized', 'unsupported_country_region_territory'];

/** What OpenAI says in a refusal, as far as it is looked at. Throws for a body in another shape: a proxy in between says nothing of a key. */
export function refusalIn({ status, text }: Answer, operation: string): Refusal['error'] {
  try {
    return Refusal.parse(JSON.parse(text)).error;
  } catch {
    throw new OutsideError('openai', operation, { code: `${status} that is not OpenAI's` });
  }
}

/** Whether the key is known and lacks a right: told by the words alone, since the code is null and the status 401. */
export function lacksScope({ code, message }: Refusal['error']): boolean {
  return code === 'missing_scope' || message.includes('Missing scopes');
}

/** Why nobody gets through, whatever the key; null for a refusal of another kind. */
export function barred({ code }: Refusal['error']): Error | null {
  const what = code === null ? undefined : advice[code];
  if (what === undefined || code === null) return null;
  return ofThePlace.includes(code) ? passing(`${what} (${code})`) : permanent('Rejected', `${what} (${code})`);
}

/** A refusal of the admin key, in words that help. Entitled ones are refused in bursts, so it is final only when it lasts. */
export function ofAdmin(answer: Answer, operation: string, propagationMs: number): Error {
  const { status } = answer;
  const error = refusalIn(answer, operation);
  const missing = scopes.filter((scope) => error.message.includes(scope));
  const lacks = missing.length > 0 ? `lacks ${missing.join(', ')}` : 'lacks a right';
  const why = lacksScope(error)
    ? `the admin key ${lacks} (${status}): it needs "Organization Administration: write"`
    : status === 401
      ? `OpenAI refused the admin key (${status}): put a valid one where the configuration says`
      : `OpenAI forbade it to the admin key (${status}): it needs "Organization Administration: write"`;
  return barred(error) ?? doubted(`${why}${identifyHint(answer)}`, propagationMs);
}

/** OpenAI numbers its answers; whether all of them is not documented, so this is no more than a hint. */
function identifyHint({ headers }: Answer): string {
  return headers['x-request-id'] === undefined
    ? '. The answer has no x-request-id, so something between here and OpenAI may have given it'
    : '';
}

/** Whether a policy demands that keys end, or sooner. The words are not documented, so their stem is looked for. */
export function speaksOfEnds({ message }: Refusal['error']): boolean {
  return /expir/i.test(message);
}

export function noLifetime(isConfigured: boolean): Error {
  const why = isConfigured ? 'takes no key that lives for so long as keyLifetime says' : 'takes no lifetime of a key';
  return permanent('Rejected', `a policy of the OpenAI organization or project ${why}: look at its settings, API keys`);
}

/** Neither its status nor its code is documented. */
export function allowsNoKeys(project: string, status: number): Error {
  return permanent(
    'Rejected',
    `OpenAI refused a key in ${project} (${status}), which is neither the Default project nor archived: a policy of the organization or ` +
      'the project may allow no keys of service accounts, or no new ones at all (platform settings, API keys)',
  );
}

/** The words of such a refusal are not documented. */
export function unknownScopes(project: string): Error {
  return permanent(
    'Rejected',
    `OpenAI refused a key with the configured keyScopes in ${project} (400): it may not know one of them, or a policy may allow no such key`,
  );
}

export function takesNoAccounts(project: string): Error {
  return permanent(
    'Rejected',
    `OpenAI refused a service account in ${project} (400): the Default project takes none, nor does an archived one. ` +
      'Make a project for DocuElevate and configure its id',
  );
}
