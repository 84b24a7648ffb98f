import type { Answer, Routes } from '../routes.js';
import { detail, ok, unprocessable } from './answers.js';
import { type Documents, type FileRecord, type LogLine, statusOf } from './documents.js';
import { loggedIn, type Visit } from './sessions.js';
import type { Settings } from './settings.js';
import type { Worker } from './worker.js';

export interface DocumentOptions {
  readonly documents: Documents;
  readonly worker: Worker;
  readonly settings: Settings;
}

/** Documents, their logs and the queue. */
export function documentRoutes({ documents, worker, settings }: DocumentOptions): Routes<Visit> {
  const withFile = (answer: (file: FileRecord) => Answer) =>
    loggedIn(({ params }) => {
      const file = documents.find(Number(params.id));
      return file ? answer(file) : detail(404, `File record with ID ${params.id} not found`);
    });
  return {
    'GET /api/files': loggedIn(({ query }) => list(documents, query)),
    'GET /api/files/{id}': withFile((file) => ok(details(documents, file))),
    'DELETE /api/files/{id}': withFile((file) => {
      if (/^(false|0|no)$/i.test(settings.current('allow_file_delete') ?? 'true'))
        return detail(403, 'File deletion is disabled');
      documents.remove(file);
      return ok({ status: 'success', message: `File record ${file.id} deleted successfully` });
    }),
    'POST /api/files/{id}/reprocess': withFile((file) => {
      const about = { message: 'File queued for reprocessing', file_id: file.id, filename: file.upload.name };
      return ok({ status: 'success', ...about, task_id: worker.process(file) });
    }),
    'GET /api/logs/task/{task}': loggedIn(({ params: { task = '' } }) => taskLogs(documents, task)),
    'GET /api/queue/stats': () => ok(queueStats(worker)),
  };
}

function list(documents: Documents, query: URLSearchParams): Answer {
  const search = (query.get('search') ?? '').toLowerCase();
  const [page, per_page] = [Number(query.get('page') ?? 1), Number(query.get('per_page') ?? 50)];
  const found = documents.files.filter(({ upload }) => upload.name.toLowerCase().includes(search));
  const files = found.toReversed().slice((page - 1) * per_page, page * per_page);
  const total_pages = Math.ceil(found.length / per_page);
  return ok({
    files: files.map((file) => ({ ...fileView(file), processing_status: statusView(file) })),
    pagination: { page, per_page, total_items: found.length, total_pages },
  });
}

function details(documents: Documents, file: FileRecord): object {
  return {
    file: fileView(file),
    processing_status: statusView(file),
    logs: linesOf(documents, (line) => line.file === file).map((line) => ({ ...lineView(line), task_id: line.task })),
    files_on_disk: { original: true, processed: statusOf(file) === 'completed' },
  };
}

function taskLogs(documents: Documents, task: string): Answer {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i.test(task))
    return unprocessable([{ type: 'value_error', loc: ['path', 'task_id'], msg: 'no UUID of version 4', input: task }]);
  const lines = linesOf(documents, (line) => line.task === task).toReversed();
  if (lines.length === 0) return detail(404, `No logs found for task ${task}`);
  const logs = lines.map((line) => ({ ...lineView(line), file_id: line.file?.id ?? null }));
  return ok({ task_id: task, logs, total_logs: logs.length });
}

function lineView({ id, step, status, message, at }: LogLine): object {
  return { id, step_name: step, status, message, timestamp: at };
}

/** Newest second first, in no order within one. */
function linesOf(documents: Documents, wanted: (line: LogLine) => boolean): LogLine[] {
  return documents.logs.filter(wanted).sort((a, b) => b.at.localeCompare(a.at));
}

function fileView({ id, hash, upload, createdAt }: FileRecord): object {
  return {
    id,
    filehash: hash,
    original_filename: upload.name,
    local_filename: `/workdir/tmp/${hash}.pdf`,
    file_size: upload.bytes.length,
    mime_type: upload.type,
    created_at: createdAt,
  };
}

function statusView(file: FileRecord): object {
  const steps = [...file.steps];
  return {
    status: statusOf(file),
    last_step: steps.at(-1)?.[0] ?? null,
    has_errors: steps.some(([, status]) => status === 'failure'),
    total_steps: steps.length,
  };
}

function queueStats(worker: Worker): object {
  const queues = { document_processor: worker.busy(), default: 0, celery: 0 };
  return {
    queues,
    total_queued: worker.busy(),
    celery: { active: [], reserved: [], scheduled: [], workers_online: 1 },
  };
}
