import type { Answer } from '../routes.js';

/** One mistake in a request. `input` repeats the sent value, secrets included, as the real engine does. */
export interface Problem {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input: unknown;
  /** The violated bounds. */
  readonly ctx?: object;
}

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

export function detail(status: number, text: string): Answer {
  return { status, body: { detail: text } };
}

export function unprocessable(problems: readonly Problem[]): Answer {
  return { status: 422, body: { detail: problems } };
}

/** The answer when a number in the query is out of bounds; null when it is not. */
export function outside(
  query: URLSearchParams,
  field: string,
  { most, least = 0 }: { most: number; least?: number },
): Answer | null {
  const input = query.get(field);
  if (input === null || (Number(input) >= least && Number(input) <= most)) return null;
  const [type, words, ctx] =
    Number(input) > most
      ? (['less_than_equal', 'less', { le: most }] as const)
      : (['greater_than_equal', 'greater', { ge: least }] as const);
  const msg = `Input should be ${words} than or equal to ${Object.values(ctx)[0]}`;
  return unprocessable([{ type, loc: ['query', field], msg, input, ctx }]);
}

export function created(body: unknown): Answer {
  return { status: 201, body };
}

export function noContent(): Answer {
  return { status: 204, headers: { 'content-type': 'application/json' } };
}

/** Missing and too short fields of a body. `fields` gives the minimum length of each. */
export function textProblems(
  body: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<string, number>>,
): Problem[] {
  return Object.entries(fields).flatMap(([field, min_length]): Problem[] => {
    const [loc, input] = [['body', field], body[field]];
    if (input === undefined) return [{ type: 'missing', loc, msg: 'Field required', input: body }];
    if (typeof input !== 'string') return [{ type: 'string_type', loc, msg: 'Input should be a valid string', input }];
    const msg = `String should have at least ${min_length} character${min_length === 1 ? '' : 's'}`;
    return input.length < min_length ? [{ type: 'string_too_short', loc, msg, input, ctx: { min_length } }] : [];
  });
}

export function redirect(location: string, status = 302): Answer {
  return { status, headers: { location } };
}
