import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

/** A request as handlers see it. */
export interface Incoming {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Number of the connection, counted from 0. */
  readonly connection?: number;
  /** Values of the route's placeholders, decoded. */
  readonly params: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers?: OutgoingHttpHeaders;
  /** Text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
}

export type Handler<R> = (request: R) => Answer | Promise<Answer>;

/** Handlers by `METHOD /template/with/{placeholders}`. The first match wins. */
export type Routes<R> = Readonly<Record<string, Handler<R>>>;

export type PathMatch = (path: string) => Record<string, string> | null;

/** Matches paths against a template. A placeholder stands for one segment. */
export function pathMatcher(template: string): PathMatch {
  const literal = template.replace(/[.*+?^$()|[\]\\]/g, '\\$&');
  const pattern = new RegExp(`^${literal.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
  return (path) => {
    const match = pattern.exec(path);
    if (!match) return null;
    return Object.fromEntries(Object.entries(match.groups ?? {}).map(([name, raw]) => [name, decodeURIComponent(raw)]));
  };
}

/** Combines handlers into one. `otherwise` answers requests without a route. */
export function router<R extends Incoming>(routes: Routes<R>, otherwise: Handler<R>): Handler<R> {
  const table = Object.entries(routes).map(([route, handle]) => {
    const [method, template = ''] = route.split(' ');
    return { method, matches: pathMatcher(template), handle };
  });
  return (request) => {
    for (const { method, matches, handle } of table) {
      const params = method === request.method ? matches(request.path) : null;
      if (params) return handle({ ...request, params });
    }
    return otherwise(request);
  };
}

/** The body as JSON, or undefined when it is not. */
export function jsonBody(request: Pick<Incoming, 'body'>): unknown {
  try {
    return JSON.parse(request.body.toString());
  } catch {
    return undefined;
  }
}
