import type { Answer, Incoming } from '../routes.js';
import type { Refusal } from './state.js';

export interface OcsResult {
  /** 200 when left out. */
  readonly code?: number;
  readonly message?: string;
  readonly data?: unknown;
}

const ownCodes: Readonly<Record<number, number>> = { 997: 401, 998: 404 };

/** An answer of the OCS API, as JSON or XML. Its older version answers everything but a missing login with HTTP 200. */
export function ocs(request: Incoming, { code = 200, message = usual(code), data = [] }: OcsResult = {}): Answer {
  const older = request.path.startsWith('/ocs/v1.php');
  const form = formOf(request, { ocs: { meta: metaOf(older, { code, message }), data } });
  return { status: older && code !== 997 ? 200 : statusOf(code), ...form };
}

function metaOf(older: boolean, { code, message }: { readonly code: number; readonly message: string }): object {
  const status = code === 200 ? 'ok' : 'failure';
  if (!older) return { status, statuscode: code, message };
  return { status, statuscode: code === 200 ? 100 : code, message, totalitems: '', itemsperpage: '' };
}

function usual(code: number): string {
  return code === 200 ? 'OK' : '';
}

function statusOf(code: number): number {
  return ownCodes[code] ?? (code < 200 ? 400 : code);
}

export function json(status: number, body: unknown = []): Answer {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body };
}

/** The answer to an OCS request without the header `OCS-APIRequest`, which counts as cross-site. */
export const withoutHeader: Answer = json(412, { message: 'CSRF check failed' });

/** The OCS API's answer to a refused login. */
export function ocsRefusal(request: Incoming, refusal: Refusal): Answer {
  if (refusal === 'throttled') return ocs(request, { code: 429, message: 'Reached maximum delay' });
  if (refusal === 'signed out' || refusal === 'forbidden')
    return ocs(request, { code: 997, message: 'Current user is not logged in' });
  const answer = ocs(request, { code: 997, message: 'Unauthorised' });
  return { ...answer, headers: { ...answer.headers, 'www-authenticate': 'Basic realm="Authorisation Required"' } };
}

function formOf({ headers, query }: Incoming, body: object): Pick<Answer, 'headers' | 'body'> {
  if (query.get('format') === 'json' || headers.accept?.includes('application/json'))
    return { headers: { 'content-type': 'application/json; charset=utf-8' }, body };
  return { headers: { 'content-type': 'application/xml; charset=utf-8' }, body: `<?xml version="1.0"?>\n${xml(body)}` };
}

function xml(value: object, indent = ''): string {
  const element = ([name, each]: [string, unknown]): string => {
    if (each === null || each === false || (Array.isArray(each) && each.length === 0)) return `${indent}<${name}/>\n`;
    if (typeof each === 'object') return `${indent}<${name}>\n${xml(each, `${indent} `)}${indent}</${name}>\n`;
    return `${indent}<${name}>${each === true ? 1 : (each as string | number)}</${name}>\n`;
  };
  return Object.entries(value).map(element).join('');
}

/** An error of the WebDAV server. */
export function davError(status: number, exception: string, message: string): Answer {
  const text = `<?xml version="1.0" encoding="utf-8"?>
<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns">
  <s:exception>${exception}</s:exception>
  <s:message>${message}</s:message>
</d:error>
`;
  return { status, headers: { 'content-type': 'application/xml; charset=utf-8' }, body: text };
}

const [missing, bearer] = ['Basic', 'Bearer'].map((scheme) => `No 'Authorization: ${scheme}' header found`);
const ours = 'OCA\\DAV\\Connector\\Sabre\\Exception';

const davRefusals: Readonly<Record<Refusal, Answer>> = {
  'signed out': unauthenticated(`${missing}, ${bearer}, ${missing}`),
  wrong: unauthenticated(`Username or password was incorrect, ${bearer}, Username or password was incorrect`),
  forbidden: davError(401, `${ours}\\PasswordLoginForbidden`, 'password login forbidden'),
  throttled: davError(429, `${ours}\\TooManyRequests`, 'too many requests'),
  disabled: davError(
    503,
    'Sabre\\DAV\\Exception\\ServiceUnavailable',
    'OC\\User\\DisabledUserException: Account disabled',
  ),
};

/** The WebDAV server's answer to a refused login. */
export function davRefusal(refusal: Refusal): Answer {
  return davRefusals[refusal];
}

function unauthenticated(why: string): Answer {
  const answer = davError(401, 'Sabre\\DAV\\Exception\\NotAuthenticated', why);
  return { ...answer, headers: { ...answer.headers, 'www-authenticate': 'Basic realm="Nextcloud", charset="UTF-8"' } };
}
