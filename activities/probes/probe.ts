import { z } from 'zod';
import { CannotTell } from '../shared/outside-error.js';
import type { Prober, ProbeVerdict } from '../shared/probes.js';

/**
 * How to ask a server whether it accepts one value. Everything but `ask` is for a `Prober`; the texts are for people.
 * `rounds` and `connections` are few: most servers count refused logins, and lock accounts and addresses out.
 */
export interface Probe extends Required<
  Pick<Prober, 'name' | 'request' | 'welcome' | 'refusal' | 'rounds' | 'connections'>
> {
  /**
   * Sends the value in one login of its own, at most for `deadlineMs`, without a retry.
   * @throws CannotTell when the answer does not show whether the value is accepted
   * @throws OutsideError when there is no answer, or one that passes: a limit, a lock, maintenance
   */
  ask(value: string): Promise<ProbeVerdict>;
}

/** For a whole question. Dovecot makes an address wait up to 15 s after wrong passwords. */
export const deadlineMs = 20_000;

/** One refused login a round, in as few rounds as a proof may have. */
export const fewLogins = { rounds: 2, connections: 1 } as const;

const host = z
  .string()
  .regex(/^[\w.:-]+$/, 'only the name or address of the server')
  .describe('The server.');

/** Fields of every server that is not asked by HTTP. */
export const serverFields = {
  host,
  username: z
    .string()
    .regex(/^\P{Cc}+$/u, 'a name on one line')
    .describe('The account that signs in, as DocuElevate names it.'),
};

/** The port of a server, with its default. */
export function portField(usual: number, others = '') {
  return z.int().min(1).max(65_535).default(usual).describe(`Its port.${others}`);
}

/** An HTTP address exactly as it is requested: a slash at its end stays, and so does a query. */
export const RequestUrl = z
  .url({ protocol: /^https?$/, error: 'not an address; write for example https://docs.example.com/api/' })
  .refine((text) => !/^[^/]*\/\/[^/]*@|#/.test(text), 'an address must not contain a user name, a password or "#"');

/** The parts of such an address. `shown` is for people: a query may hold anything. */
export function partsOf(url: string): { readonly [K in 'host' | 'origin' | 'path' | 'shown']: string } {
  const { host, origin, pathname, search } = new URL(url);
  return { host, origin, path: pathname + search, shown: origin + pathname };
}

/** Whether a refusal's words name a limit, a lock or a switched-off account: then it says nothing about the password. */
export function namesAnotherReason(words: string): boolean {
  return anotherReason.test(words);
}

const anotherReason =
  /\b(?:too many|too often|maximum|limit|rate|temporar\w+|try again|later|locked|blocked|banned|disabled|suspended)\b/i;

/** For an answer that is not known to be about the value. `answer` is a status or a code. */
export function undecided(request: string, answer: string): CannotTell {
  return new CannotTell(`${request} answered ${answer}, which does not show whether it accepts the value`);
}
