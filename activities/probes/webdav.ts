import { z } from 'zod';
import { HttpUrl } from '../../src/fields/fields.js';
import type { Answer } from '../shared/http.js';
import { basic, compare } from './http.js';
import { fewLogins, partsOf, type Probe, serverFields } from './probe.js';

/** A folder of a WebDAV server. */
export const WebDavSection = z.strictObject({
  protocol: z.literal('webdav'),
  url: HttpUrl.describe('Address of a folder of the account.'),
  username: serverFields.username,
});
export type WebDavSection = z.output<typeof WebDavSection>;

export function webDavProbe({ url, username }: WebDavSection): Probe {
  const { host, origin, path } = partsOf(`${url}/`);
  const request = `PROPFIND ${url}/ as ${username}`;
  const outgoing = { operation: 'PROPFIND', method: 'PROPFIND', path, headers: { depth: '0' } } as const;
  const plan = { origin, request, accepted: [207], refused: [401], whyUseless };
  return {
    ...{ ...fewLogins, name: host, request, welcome: '207', refusal: '401' },
    ask: (password) => compare(plan, outgoing, { authorization: basic(username, password) }),
  };
}

function whyUseless({ status, headers }: Pick<Answer, 'status' | 'headers'>): string | null {
  const asksForPassword = status === 401 && /\bbasic\b/i.test(String(headers['www-authenticate']));
  return asksForPassword ? null : `without a login answers ${status} and asks for no password (Basic)`;
}
