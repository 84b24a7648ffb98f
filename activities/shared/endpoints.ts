import type { RequestTemplate } from '../../src/domain/requests.js';

/** The `{names}` in a path template. */
type NamesIn<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;

/** The path of one request: every `{name}` of the template replaced and escaped. */
export function pathOf<Path extends string>(
  { path }: { readonly path: Path },
  values: Readonly<Record<NamesIn<Path>, string | number>>,
): string {
  return Object.entries<string | number>(values).reduce(
    (filled, [name, value]) => filled.replace(`{${name}}`, encodeURIComponent(value)),
    path as string,
  );
}

/** Sent only when needed. */
export function optional<T extends RequestTemplate>(template: T): T & { readonly optional: true } {
  return { ...template, optional: true };
}

/** Sent once or several times in a row, for instance once per page. */
export function repeated<T extends RequestTemplate>(template: T): T & { readonly repeated: true } {
  return { ...template, repeated: true };
}
