/** A provider's own list of a credential's account: the only source when the store cannot be opened. */
export interface Listing {
  list(): Promise<Listed[]>;
  /** Revokes one entry, whoever owns it. Resolves when the provider accepted that. Idempotent. */
  end(id: string): Promise<void>;
}

/** One live entry of the list. Never holds a value. */
export interface Listed {
  readonly id: string;
  /** Its name for people. Labels of ours begin with `keyturn-`. */
  readonly name: string;
  /** Tells one value from the next where an id names a slot. Otherwise equal to the id. Never the value. */
  readonly mark: string;
  /** When the provider saw it used last, ISO 8601; null when it shows no use. */
  readonly lastUsedAt: string | null;
}
