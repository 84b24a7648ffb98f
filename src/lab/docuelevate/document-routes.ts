import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, Routes } from '../routes.js';
import { detail, ok, outside } from './answers.js';
import type { Documents, FileRecord, LogLine } from './documents.js';
import { summarize, summarizeInList } from './file-status.js';
import { queueStats } from './queue-stats.js';
import { retrySubtask } from './retry-subtask.js';
import { isMultiUser, loggedIn, ownerOf, type Visit } from './sessions.js';
import type { Worker } from './worker.js';

export interface DocumentOptions {
  readonly documents: Documents;
  readonly worker: Worker;
  /** Time until the queue statistics answer, real milliseconds. */
  readonly queueStatsMs: number;
  /** Whether the worker can sign in to its queue. */
  readonly reachesBroker: () => Promise<boolean>;
  readonly signal: AbortSignal;
}

/** Documents, their logs and the queue. */
export function documentRoutes({
  documents,
  worker,
  queueStatsMs,
  signal,
  reachesBroker,
}: DocumentOptions): Routes<Visit> {
  const withFile = (words: string, answer: (file: FileRecord, visit: Visit) => Answer) =>
    loggedIn((visit: Visit) => {
      const file = documents.find(Number(visit.params.id));
      return file && visible(file, visit)
        ? answer(file, visit)
        : detail(404, `${words} with ID ${visit.params.id} not found`);
    });
  return {
    'GET /api/files': loggedIn((visit) => list(documents, visit)),
    'GET /api/files/{id}': withFile('File record', (file) => ok(details(documents, file))),
    'DELETE /api/files/{id}': withFile('File record', ({ id }, { api }) => {
      if (/^(false|0|no)$/i.test(api.current('allow_file_delete') ?? ''))
        return detail(403, 'File deletion is disabled in the configuration');
      const refused = documents.remove(id);
      if (refused !== null) return detail(500, `Error deleting file record: ${refused}`);
      return ok({ status: 'success', message: `File record ${id} deleted successfully` });
    }),
    'POST /api/files/{id}/reprocess': withFile('File', (file) => {
      if (!documents.disk.has(file.local)) return detail(400, 'Local file not found on disk. Cannot reprocess.');
      const about = { message: 'File queued for reprocessing', file_id: file.id, filename: file.name };
      return ok({ status: 'success', ...about, task_id: worker.processAgain(file) });
    }),
    'POST /api/files/{id}/retry-subtask': withFile('File', (file, { query }) => retrySubtask(worker, file, query)),
    'GET /api/logs/task/{task}': loggedIn(({ params: { task = '' } }) => taskLogs(documents, task)),
    async 'GET /api/queue/stats'() {
      if (queueStatsMs > 0) await delay(queueStatsMs, undefined, { signal });
      return ok(queueStats(worker, documents, await reachesBroker()));
    },
  };
}

/** With several users, everybody sees only their own documents and those without an owner; an administrator too. */
function visible({ owner }: FileRecord, { api, user }: Visit): boolean {
  return owner === null || !isMultiUser(api) || (user !== null && owner === ownerOf(user));
}

function list(documents: Documents, visit: Visit): Answer {
  const { query, headers } = visit;
  const wrong = outside(query, 'per_page', { least: 1, most: 200 });
  if (wrong) return wrong;
  const search = (query.get('search') ?? '').toLowerCase();
  const [page, per_page] = [Number(query.get('page') ?? 1), Number(query.get('per_page') ?? 50)];
  const all = documents.files.filter((file) => visible(file, visit) && file.name.toLowerCase().includes(search));
  const found = all.toReversed();
  const files = found.slice((page - 1) * per_page, page * per_page);
  const pages = Math.ceil(found.length / per_page);
  const link = (to: number): string | null => {
    const asked = new URLSearchParams(query);
    asked.set('page', String(to));
    return to < 1 || to > pages ? null : `http://${headers.host}/api/files?${asked.toString()}`;
  };
  const view = (file: FileRecord): object => ({
    ...fileView(file),
    processing_status: summarizeInList(file, documents.steps(file.id)),
  });
  const links = { next: link(page + 1), previous: link(page - 1) };
  return ok({ files: files.map(view), pagination: { page, per_page, total: found.length, pages, ...links } });
}

function details(documents: Documents, file: FileRecord): object {
  const lines = documents.logs.filter((line) => line.file === file.id);
  const newestFirst = lines.sort((a, b) => b.at.localeCompare(a.at)); // on SQLite by id within one second
  return {
    file: fileView(file),
    processing_status: summarize(file, documents.steps(file.id)),
    logs: newestFirst.map((line) => ({ ...lineView(line), task_id: line.task })),
    files_on_disk: {
      original: documents.disk.has(file.original ?? file.local),
      processed: documents.disk.has(file.processed ?? ''),
    },
  };
}

function taskLogs(documents: Documents, task: string): Answer {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i.test(task))
    return detail(422, 'Invalid task_id format. Expected a UUID (e.g. 550e8400-e29b-41d4-a716-446655440000)');
  const lines = documents.logs.filter((line) => line.task === task).sort((a, b) => a.at.localeCompare(b.at));
  if (lines.length === 0) return detail(404, `No logs found for task ${task}`);
  const logs = lines.map((line) => ({ ...lineView(line), file_id: line.file }));
  return ok({ task_id: task, logs, total_logs: logs.length });
}

function lineView({ id, step, status, message, at }: LogLine): object {
  return { id, step_name: step, status, message, timestamp: at };
}

function fileView({ id, hash, name, local, size, type, createdAt }: FileRecord): object {
  return {
    ...{ id, filehash: hash, original_filename: name, local_filename: local, file_size: size, mime_type: type },
    ...{ legal_hold: false, is_private: false, privacy_manual_override: null, created_at: createdAt },
  };
}
