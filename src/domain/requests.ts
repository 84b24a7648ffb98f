/** A request that an activity makes, as a template: `{name}` stands for one path segment. */
export interface RequestTemplate {
  readonly system: string;
  readonly method: string;
  readonly path: string;
  /** Made only when needed, for instance a login without a session. */
  readonly optional?: true;
  /** May be made several times in a row. */
  readonly repeated?: true;
}

/** Every request of one system's activities, by activity, in the order they are made. `plan` prints them; a contract test compares them with what the lab received. */
export type RequestsOf<A> = { readonly [K in keyof A]: readonly RequestTemplate[] };
