import type { Answer } from '../routes.js';

/** One thing that is wrong with a request. `input` repeats what was sent, secrets included, as the real one does. */
export interface Problem {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input: unknown;
  /** The bounds of what would be right. */
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

/** What is wrong with a number in the query that is too large or too small. */
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

/** What is missing in a body, or shorter than it may be. `fields` says how long each must be at least. */
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
