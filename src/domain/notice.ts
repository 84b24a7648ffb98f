/** Events that people and programs are notified of. */
export const noticeEvents = [
  ...(['due-soon', 'overdue', 'started', 'waiting', 'rolled-back', 'failed', 'retired'] as const),
  ...(['emergency', 'drifted', 'healed', 'task', 'task-overdue', 'test'] as const),
] as const;
export type NoticeEvent = (typeof noticeEvents)[number];

/** A notification of one event. Contains only what the ledger and Temporal hold in clear: never a secret. */
export interface Notice {
  /** Equal for the same event, however often it is sent. */
  readonly id: string;
  readonly event: NoticeEvent;
  /** Unix ms. */
  readonly at: number;
  /** One line. */
  readonly summary: string;
  /** More to know or to do. */
  readonly detail: string | null;
  readonly credential?: string;
  readonly version?: number;
  readonly owner?: string;
  /** Id of the task that it is about, and who has to do it or to see to it. */
  readonly task?: string;
  readonly for?: string;
  /** The ledger's head when the notice was sent (`142:9f3c…`), for `keyturn ledger --verify --expect`. */
  readonly ledger?: string;
}

/** One way to send notices. */
export interface Channel {
  /** The name in the configuration. */
  readonly name: 'webhook' | 'email';
  /** @throws OutsideError without any text from the other side, UserError when the channel's secret cannot be read */
  send(notice: Notice): Promise<void>;
}
