import { z } from 'zod';

// Only the fields in use. The engine's messages are left out on purpose: they may hold the sent value.

/** A setting as shown: of a secret only its first four characters and its length. */
export const ShownSetting = z.object({ value: z.string().nullish() });

export const WrittenSetting = z.object({ success: z.literal(true), value: z.string().nullish() });

/** One change of a setting. Order by `id`: times have whole seconds, and the list is unordered within a second. */
export const Change = z.object({
  id: z.number().int(),
  changed_by: z.string().nullish(),
  changed_at: z.string().nullish(),
});
export type Change = z.infer<typeof Change>;

export const History = z.object({ history: z.array(Change) });

/** One change in the list of all settings' changes. */
export const SettingChange = Change.extend({ key: z.string(), action: z.string().nullish() });
export type SettingChange = z.infer<typeof SettingChange>;

export const SettingChanges = z.object({ entries: z.array(SettingChange) });

/** A login, logout or failed login; the engine records nothing else here. */
export const AuditEvent = z.object({
  timestamp: z.string().nullish(),
  user: z.string().nullish(),
  action: z.string(),
  ip_address: z.string().nullish(),
});
export type AuditEvent = z.infer<typeof AuditEvent>;

export const AuditEvents = z.object({ items: z.array(AuditEvent) });

/** A sensitive setting of the engine. `source` is null while it is set nowhere. */
export const EngineCredential = z.object({
  key: z.string(),
  category: z.string(),
  description: z.string(),
  configured: z.boolean(),
  source: z.enum(['db', 'env']).nullish(),
  restart_required: z.boolean().optional(),
});
export type EngineCredential = z.infer<typeof EngineCredential>;

export const EngineCredentials = z.object({ credentials: z.array(EngineCredential) });

/** The user of the session. A revoked session is answered with an error under status 200. */
export const Visitor = z.object({ is_admin: z.boolean().optional() });

/** Result of the engine's own test. */
export const ConnectionTested = z.object({ status: z.enum(['success', 'error']) });

export const QueueStats = z.object({ celery: z.object({ workers_online: z.number() }) });

/** `duplicate`: the idempotency key was used before, and this is the earlier result. */
export const TakenIn = z.object({ task_id: z.string().nullish(), duplicate: z.boolean() });
export type TakenIn = z.infer<typeof TakenIn>;

/** The task of a repeated step. */
export const SubtaskQueued = z.object({ task_id: z.string() });

export const Files = z.object({
  files: z.array(
    z.object({ id: z.number().int(), processing_status: z.object({ has_errors: z.boolean().nullish() }) }),
  ),
});

const Line = z.object({
  id: z.number().int(),
  step_name: z.string(),
  status: z.string(),
  message: z.string().nullish(),
});

/** One line of a processing log. Of its message only file names, counts and statuses are read. */
export const LogLine = Line.extend({
  task_id: z.string(),
  /** UTC: naive in whole seconds on SQLite, with microseconds and an offset on PostgreSQL. */
  timestamp: z.string().nullish(),
}).transform(({ message, ...line }) => ({ ...line, ...readMessage(message ?? '') }));
export type LogLine = z.infer<typeof LogLine>;

const TaskLine = Line.extend({ file_id: z.number().int().nullish() });

/** The log of one task, oldest first. */
export const TaskLog = z.object({
  logs: z.array(TaskLine.transform(({ message, ...line }) => ({ ...line, ...readMessage(message ?? '') }))),
});
export type TaskLog = z.infer<typeof TaskLog>;

/** The log lines under a document's id, including those of earlier documents with that id. */
export const ProcessedFile = z.object({
  file: z.object({ original_filename: z.string().nullish() }),
  processing_status: z.object({ status: z.string() }),
  logs: z.array(LogLine),
});
export type ProcessedFile = z.infer<typeof ProcessedFile>;

interface Message {
  /** Name of the file that the message ends with, if any. */
  readonly subject: string | null;
  /** The two numbers of `2 of 3 …`. */
  readonly counts: { readonly done: number; readonly of: number } | null;
  /** An HTTP or SMTP status in it, such as 401. */
  readonly code: string | null;
}

const longestSubject = 1000; // characters; a file name has at most 255, and the search backtracks

function readMessage(message: string): Message {
  const [, , subject = null] = /(: | for | into | to )((?:(?!: ).)+\.pdf)$/s.exec(message.slice(-longestSubject)) ?? [];
  const [, done, of] = /^(\d+) of (\d+) /.exec(message) ?? [];
  const [, code = null] = /\b([45]\d\d)\b/.exec(message) ?? [];
  return { subject, counts: done === undefined ? null : { done: Number(done), of: Number(of) }, code };
}
