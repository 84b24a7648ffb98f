import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { Answer, Handler, Incoming, Routes } from '../routes.js';
import { detail, ok, unprocessable } from './answers.js';
import type { Documents } from './documents.js';
import { createIntake } from './intake.js';
import { loggedIn, type Visit } from './sessions.js';
import { missing, readForm } from './upload-form.js';
import type { Worker } from './worker.js';

export interface UploadOptions {
  readonly documents: Documents;
  readonly worker: Worker;
  readonly clock: Clock;
  readonly uploadsPerMinute: number;
}

/** The two ways in for a document: by a person, and by a machine that may repeat itself. */
export function uploadRoutes({ documents, worker, clock, uploadsPerMinute }: UploadOptions): Routes<Visit> {
  const limited = uploadLimit(clock, uploadsPerMinute);
  const intake = createIntake((upload) => worker.process(upload), clock);
  const forMachines =
    (handle: Handler<Visit>): Handler<Visit> =>
    (visit) =>
      visit.user ? handle(visit) : detail(401, 'Document intake authentication required');
  return {
    'POST /api/ui-upload': loggedIn(limited((visit) => uiUpload(visit, documents, worker))),
    'POST /api/intake/documents': forMachines(limited((visit) => intake.take(visit))),
    'GET /api/intake/documents/{id}': forMachines(({ params }) => intake.show(Number(params.id))),
  };
}

/** Bytes that are there already start nothing, and are no error. */
async function uiUpload(request: Incoming, documents: Documents, worker: Worker): Promise<Answer> {
  const { upload } = await readForm(request);
  if (!upload) return unprocessable([missing('file')]);
  const twin = documents.twin(upload);
  if (twin)
    return ok({
      status: 'duplicate',
      duplicate_of: { original_file_id: twin.id, original_filename: twin.upload.name },
    });
  return ok({
    task_id: worker.process(upload),
    operation_id: randomUUID(),
    status: 'queued',
    original_filename: upload.name,
    stored_filename: `${randomUUID()}.pdf`,
  });
}

/** A sliding window of a minute per user, in which repetitions count too. The real one loses its Retry-After: only the text is left. */
function uploadLimit(clock: Clock, uploadsPerMinute: number) {
  const limit = Math.max(1, uploadsPerMinute); // 0 is documented as "off" and means 1
  const uploads = new Map<string, number[]>();
  return (handle: Handler<Visit>): Handler<Visit> =>
    (visit) => {
      const [now, user] = [clock(), visit.user?.id ?? ''];
      const recent = (uploads.get(user) ?? []).filter((at) => now - at < 60_000);
      uploads.set(user, recent);
      const [oldest] = recent;
      if (oldest === undefined || recent.length < limit) {
        recent.push(now);
        return handle(visit);
      }
      const seconds = Math.ceil((oldest + 60_000 - now) / 1000);
      return detail(429, `Upload rate limit exceeded (${recent.length}/${limit} in 60s). Retry after ${seconds}s.`);
    };
}
