/** A request that an activity sends, as a template: `{name}` stands for one path segment. */
export interface RequestTemplate {
  readonly system: string;
  readonly method: string;
  readonly path: string;
  /** Sent only when needed, for instance a login when there is no session. */
  readonly optional?: true;
  /** May be sent several times in a row. */
  readonly repeated?: true;
  /** Sent only for a credential that feeds this setting; left out, for every one. */
  readonly setting?: string;
}

/**
 * Every request of one system's activities, by activity, in the order they are sent. `plan` prints them. A contract test compares
 * them with the requests that the lab received.
 */
export type RequestsOf<A> = { readonly [K in keyof A]: readonly RequestTemplate[] };
