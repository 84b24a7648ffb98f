/** What a rotation script is given: by its operator, in a file. */
export interface Worksheet {
  readonly openai: { readonly baseUrl: string; readonly project: string; readonly adminKey: string };
  readonly engine: { readonly url: string; readonly username: string; readonly password: string };
  /** The service account whose key is in force. */
  readonly oldAccount: string;
  /** Where it may remember things. */
  readonly state: string;
  /** The moment at which it is killed; null for none. */
  readonly killAt: string | null;
}
