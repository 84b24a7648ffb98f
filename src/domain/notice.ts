/** What people and programs are told of. */
export type NoticeEvent =
  | 'due-soon'
  | 'overdue'
  | 'started'
  | 'waiting'
  | 'rolled-back'
  | 'failed'
  | 'retired'
  | 'emergency'
  | 'drifted'
  | 'healed'
  | 'test';

/** Something that happened, for whoever is told. Holds what the ledger and Temporal hold in clear: never a secret. */
export interface Notice {
  /** The same for the same thing, however often it is sent. */
  readonly id: string;
  readonly event: NoticeEvent;
  /** Unix ms. */
  readonly at: number;
  /** One line. */
  readonly summary: string;
  /** What there is to know or to do besides. */
  readonly detail: string | null;
  readonly credential?: string;
  readonly version?: number;
  readonly owner?: string;
  /** Where the ledger ended when it was sent (`142:9f3c…`), for `keyturn ledger --verify --expect`. */
  readonly ledger?: string;
}

/** One way to tell. */
export interface Channel {
  /** As the configuration calls it. */
  readonly name: 'webhook' | 'email';
  /** @throws OutsideError without anything the other side said, UserError when its secret cannot be had */
  send(notice: Notice): Promise<void>;
}
