import type { Answer, Incoming } from '../routes.js';

/** An error in the vendor's format (ErrorResponse in its description). */
export function refusal(status: number, message: string, code: string | null = null): Answer {
  return { status, body: { error: { message, type: 'invalid_request_error', param: null, code } } };
}

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

/** A secret as it is shown after its creation: enough to identify it in a leak. */
export function redact(value: string): string {
  return `${value.slice(0, 8)}...${value.slice(-4)}`;
}

/** The Bearer token, exactly as it was sent. */
export function bearer(request: Incoming): string | null {
  return /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1] ?? null;
}

/** An item of a list. */
export type View = Readonly<Record<string, unknown>> & { readonly id: string };

interface Listing<T> {
  /** Every item ever created, oldest first. A cursor may name a deleted one. */
  readonly all: readonly T[];
  readonly isListed: (item: T) => boolean;
  readonly view: (item: T) => View;
}

/** One page of a list: `limit` is 1 to 100 (default 20), `after` is an id. */
export function page<T extends { id: string }>({ query }: Incoming, { all, isListed, view }: Listing<T>): Answer {
  const limit = Number(query.get('limit') ?? 20);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) return refusal(400, 'limit must be between 1 and 100.');
  const after = query.get('after');
  const cursor = all.findIndex((item) => item.id === after);
  if (after !== null && cursor < 0) return refusal(400, `No such cursor: ${after}.`);
  const rest = all.slice(cursor + 1).filter(isListed);
  return ok(list(rest.slice(0, limit).map(view), rest.length > limit));
}

function list(data: readonly View[], has_more: boolean): object {
  return { object: 'list', data, first_id: data.at(0)?.id ?? null, last_id: data.at(-1)?.id ?? null, has_more };
}
