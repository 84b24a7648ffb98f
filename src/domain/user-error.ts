/** A failure for people: what happened, what state things are in, what to do next. The command line prints these three and no stack. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly state: string;
  readonly next: string;

  constructor(what: string, { state, next, cause }: { state: string; next: string; cause?: unknown }) {
    super(what, cause === undefined ? undefined : { cause });
    this.state = state;
    this.next = next;
  }
}
