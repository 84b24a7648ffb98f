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

export const TaskLog = z.object({ logs: z.array(z.object({ file_id: z.number().int().nullish() })) });
export type TaskLog = z.infer<typeof TaskLog>;

export const Files = z.object({
  files: z.array(
    z.object({ id: z.number().int(), processing_status: z.object({ has_errors: z.boolean().nullish() }) }),
  ),
});
export type Files = z.infer<typeof Files>;

/** The log lines of a document; the status of the document as a whole flickers and says nothing of one step. */
export const ProcessedFile = z.object({
  file: z.object({ original_filename: z.string().nullish() }),
  processing_status: z.object({ status: z.string() }),
  logs: z.array(
    z.object({
      id: z.number().int(),
      step_name: z.string(),
      status: z.string(),
      /** Naive UTC in whole seconds. */
      timestamp: z.string().nullish(),
      /** Of `2 of 3 …` the two numbers; the rest of the engine's words is left out. */
      message: z.string().nullish().transform(countsIn),
    }),
  ),
});
export type ProcessedFile = z.infer<typeof ProcessedFile>;

function countsIn(message: string | null | undefined): { readonly done: number; readonly of: number } | null {
  const [, done, of] = /^(\d+) of (\d+) /.exec(message ?? '') ?? [];
  return done === undefined ? null : { done: Number(done), of: Number(of) };
}
