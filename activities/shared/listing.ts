/** What a provider itself lists of a credential's account: all there is to go by when the store cannot be opened. */
export interface Listing {
  list(): Promise<Listed[]>;
  /** Ends one of them, whose it is. Resolves when the provider has taken it; one that is gone already is fine. */
  end(id: string): Promise<void>;
}

/** Something that works at a provider, as it is listed. Never a value. */
export interface Listed {
  readonly id: string;
  /** What people see of it. Labels of ours begin with `keyturn-`. */
  readonly name: string;
  /** Tells one value from the next where an id stands for a place; else the id again. Never the value. */
  readonly mark: string;
  /** When the provider saw it used last, ISO 8601; null when it shows no use. */
  readonly lastUsedAt: string | null;
}
