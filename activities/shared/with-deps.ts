type Verbs<Deps> = Readonly<Record<string, (deps: Deps, ...args: never[]) => Promise<unknown>>>;
type Bound<V> = {
  [K in keyof V]: V[K] extends (deps: never, ...args: infer Args) => infer Result ? (...args: Args) => Result : never;
};

/** The functions as activities: each is called with `deps` before its own arguments. */
export function withDeps<Deps, V extends Verbs<Deps>>(deps: Deps, verbs: V): Bound<V> {
  const bound = Object.entries(verbs).map(([name, verb]) => [name, (...args: never[]) => verb(deps, ...args)] as const);
  return Object.fromEntries(bound) as Bound<V>;
}
