import { z } from 'zod';
import { type Answer, Http, type HttpRequest, onOwnConnections } from '../shared/http.js';
import { CannotTell } from '../shared/outside-error.js';
import type { ProbeVerdict } from '../shared/probes.js';
import { deadlineMs, fewLogins, partsOf, type Probe, RequestUrl, undecided } from './probe.js';

/** Statuses that pass: a limit, a lock, something unfinished. They never decide. */
const passing = [408, 409, 423, 425, 429];

/** Every other status below 500 is an answer. */
const answers = Array.from({ length: 300 }, (_, index) => 200 + index).filter((status) => !passing.includes(status));

const status = z
  .int()
  .refine((code) => answers.includes(code), 'a status from 200 to 499 that does not pass by itself');

/** Text of one header line. */
const line = z.string().regex(/^[\x20-\x7e]+$/, 'plain ASCII characters on one line');

/** A request of any HTTP API. */
export const HttpSection = z
  .strictObject({
    protocol: z.literal('http'),
    url: RequestUrl.describe('The address to ask, with its path and query.'),
    method: z
      .enum(['GET', 'HEAD', 'POST'])
      .default('GET')
      .describe('It is sent without a body, and has to change nothing.'),
    scheme: line.default('Bearer').describe('The word before the value in the header Authorization.'),
    username: line.optional().describe('Signs in with this name and the value instead (Basic authentication).'),
    header: z
      .string()
      .regex(/^[\w-]+$/, 'the name of a header')
      .optional()
      .describe('Sends the value alone, in this header instead.'),
    accepted: z.array(status).min(1).optional().describe('Statuses of an accepted value. Default: 200 to 299.'),
    refused: z
      .array(status.min(400))
      .min(1)
      .default([401])
      .describe(
        'Statuses of a refused value, as this API is known to answer. Default: 401. Any other status decides nothing.',
      ),
  })
  .refine(({ username, header }) => username === undefined || header === undefined, {
    path: ['header'],
    error: 'write username or header, not both',
  })
  .refine(({ accepted = [], refused }) => !accepted.some((code) => refused.includes(code)), {
    path: ['refused'],
    error: 'a status cannot mean both',
  });
export type HttpSection = z.output<typeof HttpSection>;

export function httpProbe({ url, method, accepted, refused, ...rest }: HttpSection): Probe {
  const { host, origin, path, shown } = partsOf(url);
  const request = `${method} ${shown}`;
  const plan = { origin, request, accepted: accepted ?? answers.filter((code) => code < 300), refused };
  return {
    ...{ ...fewLogins, name: host, request },
    ...{ welcome: accepted?.join(' or ') ?? '2xx', refusal: refused.join(' or ') },
    ask: (value) => compare(plan, { operation: method, method, path }, headersFor(value, rest)),
  };
}

type Headers = Readonly<Record<string, string>>;

function headersFor(value: string, { scheme, username, header }: Pick<HttpSection, 'scheme' | 'username' | 'header'>) {
  if (header !== undefined) return { [header]: value };
  return { authorization: username === undefined ? `${scheme} ${value}` : basic(username, value) };
}

export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** Where a request goes, and what its statuses mean. */
export interface Plan {
  readonly origin: string;
  /** The request, for people. */
  readonly request: string;
  readonly accepted: readonly number[];
  readonly refused: readonly number[];
  /** What the answer to the request without the value lacks to show anything. Null: nothing. */
  readonly whyUseless?: (answer: Pick<Answer, 'status' | 'headers'>) => string | null;
}

/** Sends a request without the value, then with it. An API that welcomes everybody shows nothing about a value. */
export async function compare(plan: Plan, outgoing: HttpRequest, signedIn: Headers): Promise<ProbeVerdict> {
  const { origin, request, accepted, refused, whyUseless = () => null } = plan;
  const http = new Http(new URL(origin).host, origin, deadlineMs / 2);
  const send = (headers: Headers): Promise<Answer> =>
    onOwnConnections(() =>
      http.send({
        ...outgoing,
        ...{ headers: { ...outgoing.headers, ...headers }, asks: true, allow: answers, page: true },
      }),
    );
  const without = await send({});
  const useless = accepted.includes(without.status) ? `answers ${without.status} to everybody` : whyUseless(without);
  if (useless !== null) throw new CannotTell(`${request} ${useless}`);
  const { status: code, providerTime } = await send(signedIn);
  if (accepted.includes(code)) return { verdict: 'accepted', providerTime };
  if (refused.includes(code)) return { verdict: 'refused', providerTime };
  throw undecided(request, String(code));
}
