/** A value as its provider sees it. */
export interface Issued {
  readonly value: string;
  /** The name that it was given at its creation; null when it has none. */
  readonly label: string | null;
  readonly alive: boolean;
  /** It is somebody else's, and must outlive every rotation. */
  readonly foreign: boolean;
  /**
   * The provider shows it again to everyone who may manage it, so it cannot get lost. It is one of the account's own.
   */
  readonly readable?: true;
  /** We made it, and its provider gives no names: any attempt may have made it. */
  readonly nameless?: true;
  /**
   * No program may list it. When the answer of an attempt is lost, its value works until a person, who is told its
   * name, ends it.
   */
  readonly unlisted?: true;
}

/** How a provider says that it ended a value, and did not. */
export interface FalseSuccess {
  /** An answer that the provider gives when it has ended the value. */
  readonly body: () => string;
  /** The request that asks about a value. A proxy refuses it once. */
  readonly probe: string;
}
