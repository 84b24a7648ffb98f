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
  action: z.string().nullish(),
});
export type Change = z.infer<typeof Change>;

export const History = z.object({ history: z.array(Change) });

/** One change in the list of all settings' changes. */
export const SettingChange = Change.extend({ key: z.string() });
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

/** What a test's words say. They are compared with known words and never passed on: they may hold the value. */
const Words = z
  .string()
  .nullish()
  .transform((words) => ({
    unconfigured: /not (?:fully )?configured|is configured$|must be set|incomplete|No notification services/i.test(
      words ?? '',
    ),
    unreachable: /Connection failed|Connection refused|Invalid hostname/i.test(words ?? ''),
    internal: /Invalid hostname or IP address/.test(words ?? ''),
    oauth: /invalid_client|invalid_grant/.exec(words ?? '')?.[0] ?? null,
    code: /\b([45]\d\d)\b/.exec(words ?? '')?.[1] ?? null,
  }));

/** Result of a test of a stored key or token. The status is 200 whatever the result. */
export const Tested = z.object({
  status: z.enum(['success', 'error', 'warning']),
  message: Words,
  needs_reauth: z.boolean().optional(),
  is_auth_error: z.boolean().optional(),
  auth_type: z.string().optional(),
  provider: z.string().optional(),
});
export type Tested = z.infer<typeof Tested>;

/** Result of a test of posted values. */
export const LoginTested = z.object({ success: z.boolean(), message: Words, code: z.string().optional() });
export type LoginTested = z.infer<typeof LoginTested>;

/** A mail with a link to a new password. */
export const MailSent = z.object({ sent: z.boolean(), reason: Words });
export type MailSent = z.infer<typeof MailSent>;

export const LocalUser = z.object({ id: z.number().int(), username: z.string(), email: z.string() });
export type LocalUser = z.infer<typeof LocalUser>;

export const Readiness = z.object({ checks: z.record(z.string(), z.object({ status: z.string() })) });

export const StripeStatus = z.object({ configured: z.boolean(), connection: z.string() });
export type StripeStatus = z.infer<typeof StripeStatus>;

/** Any error of the search service, such as a refused key, is a result without hits. */
export const Found = z.object({ total: z.number().int() });

/** Result of the engine's own test. */
export const ConnectionTested = z.object({ status: z.enum(['success', 'error']) });

/** `scheduled`: tasks that wait for their time. */
export const QueueStats = z.object({
  celery: z.object({
    workers_online: z.number(),
    scheduled: z.array(z.object({ name: z.string(), eta: z.string() })).nullish(),
  }),
});

/** `duplicate`: the idempotency key was used before, and this is the earlier result. */
export const TakenIn = z.object({ task_id: z.string().nullish(), duplicate: z.boolean() });
export type TakenIn = z.infer<typeof TakenIn>;

/** The task of a repeated step. */
export const SubtaskQueued = z.object({ task_id: z.string() });

export const Files = z.object({
  files: z.array(
    z.object({
      id: z.number().int(),
      original_filename: z.string().nullish(),
      processing_status: z.object({ has_errors: z.boolean().nullish() }),
    }),
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
}).transform(read);
export type LogLine = z.infer<typeof LogLine>;

const TaskLine = Line.extend({ file_id: z.number().int().nullish() });

/** The log of one task, oldest first. */
export const TaskLog = z.object({
  logs: z.array(TaskLine.transform(read)),
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
  /** An HTTP, FTP or SMTP status in it, such as 401. */
  readonly code: string | null;
}

/** Dropbox and Nextcloud say `success` about a requested upload that they skip because their settings are missing. */
function read<L extends z.infer<typeof Line>>({ message, ...line }: L) {
  const status = message?.startsWith('Skipped: ') ? 'skipped' : line.status;
  return { ...line, status, ...readMessage(message ?? '') };
}

const longestSubject = 1000; // characters; a file name has at most 255, and the search backtracks

function readMessage(message: string): Message {
  const [, , subject = null] = /(: | for | into | to )((?:(?!: ).)+\.pdf)$/s.exec(message.slice(-longestSubject)) ?? [];
  const [, done, of] = /^(\d+) of (\d+) /.exec(message) ?? [];
  const [, code = null] = /\b([45]\d\d)\b/.exec(message) ?? [];
  const counts = done === undefined ? null : { done: Number(done), of: Number(of) };
  return { subject, counts, code };
}
