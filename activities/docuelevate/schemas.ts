import { z } from 'zod';

// Only what is used. The engine's messages are left out on purpose: they may hold the very value that was sent.

/** A setting as it is shown: of a secret only its first four characters and its length. */
export const ShownSetting = z.object({ value: z.string().nullish() });
export type ShownSetting = z.infer<typeof ShownSetting>;

export const WrittenSetting = z.object({ success: z.literal(true), value: z.string().nullish() });
export type WrittenSetting = z.infer<typeof WrittenSetting>;

/** One change of a setting. Order by `id`: times have whole seconds, and the list is not in order within one. */
export const Change = z.object({
  id: z.number().int(),
  changed_by: z.string().nullish(),
  changed_at: z.string().nullish(),
});
export type Change = z.infer<typeof Change>;

export const History = z.object({ history: z.array(Change) });
export type History = z.infer<typeof History>;

/** One change in the list of all settings' changes. */
export const SettingChange = Change.extend({ key: z.string(), action: z.string().nullish() });
export type SettingChange = z.infer<typeof SettingChange>;

export const SettingChanges = z.object({ entries: z.array(SettingChange) });
export type SettingChanges = z.infer<typeof SettingChanges>;

/** Who logged in or out, or tried to; the engine records nothing else here. */
export const AuditEvent = z.object({
  timestamp: z.string().nullish(),
  user: z.string().nullish(),
  action: z.string(),
  ip_address: z.string().nullish(),
});
export type AuditEvent = z.infer<typeof AuditEvent>;

export const AuditEvents = z.object({ items: z.array(AuditEvent) });
export type AuditEvents = z.infer<typeof AuditEvents>;

/** A sensitive setting of the engine. `source` is null while it is not set anywhere. */
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
export type EngineCredentials = z.infer<typeof EngineCredentials>;

/** Who the session belongs to; a revoked one is answered with an error under status 200. */
export const Visitor = z.object({ is_admin: z.boolean().optional() });
export type Visitor = z.infer<typeof Visitor>;

/** Of the engine's own test. */
export const ConnectionTested = z.object({ status: z.enum(['success', 'error']) });
export type ConnectionTested = z.infer<typeof ConnectionTested>;

export const QueueStats = z.object({ celery: z.object({ workers_online: z.number() }) });
export type QueueStats = z.infer<typeof QueueStats>;

/** `duplicate`: this idempotency key was used before, and this is what came of it. */
export const TakenIn = z.object({ task_id: z.string().nullish(), duplicate: z.boolean() });
export type TakenIn = z.infer<typeof TakenIn>;

/** Of one step that is done once more. */
export const SubtaskQueued = z.object({ task_id: z.string() });
export type SubtaskQueued = z.infer<typeof SubtaskQueued>;

export const Files = z.object({
  files: z.array(
    z.object({ id: z.number().int(), processing_status: z.object({ has_errors: z.boolean().nullish() }) }),
  ),
});
export type Files = z.infer<typeof Files>;

/** One line of a processing log. The engine's words are left out, but for what they say of files, numbers and statuses. */
export const LogLine = z
  .object({
    id: z.number().int(),
    task_id: z.string(),
    step_name: z.string(),
    status: z.string(),
    /** UTC: naive in whole seconds on SQLite, with microseconds and an offset on PostgreSQL. */
    timestamp: z.string().nullish(),
    message: z.string().nullish(),
  })
  .transform(({ message, ...line }) => ({ ...line, ...readMessage(message ?? '') }));
export type LogLine = z.infer<typeof LogLine>;

/** The log of one task, oldest first. */
export const TaskLog = z.object({
  logs: z.array(
    z
      .object({
        id: z.number().int(),
        step_name: z.string(),
        status: z.string(),
        file_id: z.number().int().nullish(),
        message: z.string().nullish(),
      })
      .transform(({ message, ...line }) => ({ ...line, ...readMessage(message ?? '') })),
  ),
});
export type TaskLog = z.infer<typeof TaskLog>;

/** The log lines under a document's id, also those of earlier documents with that id. */
export const ProcessedFile = z.object({
  file: z.object({ original_filename: z.string().nullish() }),
  processing_status: z.object({ status: z.string() }),
  logs: z.array(LogLine),
});
export type ProcessedFile = z.infer<typeof ProcessedFile>;

interface Message {
  /** Name of the file that the line is about, where it ends with one. */
  readonly subject: string | null;
  /** Of `2 of 3 …` the two numbers. */
  readonly counts: { readonly done: number; readonly of: number } | null;
  /** An HTTP or SMTP status in it, such as 401. */
  readonly code: string | null;
}

const longestSubject = 1000; // characters: a file name has 255 at most, and is looked for from several places

function readMessage(message: string): Message {
  const [, , subject = null] = /(: | for | into | to )((?:(?!: ).)+\.pdf)$/s.exec(message.slice(-longestSubject)) ?? [];
  const [, done, of] = /^(\d+) of (\d+) /.exec(message) ?? [];
  const [, code = null] = /\b([45]\d\d)\b/.exec(message) ?? [];
  return { subject, counts: done === undefined ? null : { done: Number(done), of: Number(of) }, code };
}
