import type { Dispatcher } from 'undici';
import type { RequestTemplate } from '../../src/domain/requests.js';

type NamesIn<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;
type Values<Path extends string> = Readonly<Record<NamesIn<Path>, string | number>>;

/** The path of one request: every `{name}` of the template replaced and escaped. */
export function pathOf<Path extends string>({ path }: { readonly path: Path }, values: Values<Path>): string {
  return Object.entries<string | number>(values).reduce(
    (filled, [name, value]) => filled.replace(`{${name}}`, encodeURIComponent(value)),
    path as string,
  );
}

interface Endpoint {
  readonly method: Dispatcher.HttpMethod;
  readonly path: string;
}
type Filling<Path extends string> = [NamesIn<Path>] extends [never]
  ? [values?: Record<string, never>, query?: string]
  : [values: Values<Path>, query?: string];

/** Returns a function that makes one request of a table: named for errors, with its path filled in and its query. */
export function requestsTo<E extends Readonly<Record<string, Endpoint>>>(endpoints: E) {
  return <K extends keyof E & string>(operation: K, ...[values, query = '']: Filling<E[K]['path']>) => {
    const { method, path }: Endpoint = endpoints[operation]!;
    return { operation, method, path: pathOf({ path }, { ...values }) + query };
  };
}

/** Sent only when needed. */
export function optional<T extends RequestTemplate>(template: T): T & { readonly optional: true } {
  return { ...template, optional: true };
}

/** Sent once or several times in a row, for instance once per page. */
export function repeated<T extends RequestTemplate>(template: T): T & { readonly repeated: true } {
  return { ...template, repeated: true };
}
