/** What an operator gives a rotation script, in a file. */
export interface Worksheet {
  readonly openai: { readonly baseUrl: string; readonly project: string; readonly adminKey: string };
  readonly engine: { readonly url: string; readonly username: string; readonly password: string };
  /** The service account whose key is in force. */
  readonly oldAccount: string;
  /** Where the script may remember things. */
  readonly state: string;
  /** The moment at which the script is killed; null for none. */
  readonly killAt: string | null;
}
