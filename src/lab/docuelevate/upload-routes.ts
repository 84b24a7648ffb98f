import { randomUUID } from 'node:crypto';
import type { Answer, Handler, Routes } from '../routes.js';
import { detail, ok, unprocessable } from './answers.js';
import type { Documents } from './documents.js';
import { createIntake, extension, type IntakeOptions } from './intake.js';
import { isMultiUser, loggedIn, ownerOf, type Visit } from './sessions.js';
import { missing, readForm } from './upload-form.js';
import type { UploadLimit } from './upload-limit.js';

export interface UploadOptions extends IntakeOptions {
  readonly documents: Documents;
  readonly limited: UploadLimit;
}

/** The two upload APIs: one for people, and an idempotent one for programs. */
export function uploadRoutes(options: UploadOptions): Routes<Visit> {
  const { limited } = options;
  const intake = createIntake(options);
  const forPrograms =
    (handle: Handler<Visit>): Handler<Visit> =>
    (visit) =>
      visit.user ? handle(visit) : detail(401, 'Document intake authentication required');
  return {
    'POST /api/ui-upload': loggedIn(limited((visit) => uiUpload(visit, options))),
    'POST /api/intake/documents': forPrograms(limited((visit) => intake.take(visit, uploadOwner(visit)))),
    'GET /api/intake/documents/{id}': forPrograms(({ params }) => intake.show(Number(params.id))),
  };
}

/** Bytes that are already stored start nothing, and are not an error. */
async function uiUpload(visit: Visit, { documents, start }: UploadOptions): Promise<Answer> {
  const { upload } = await readForm(visit);
  if (!upload) return unprocessable([missing('file')]);
  const twin = documents.twin(upload.bytes);
  if (twin) {
    const duplicate_of = { original_file_id: twin.id, original_filename: twin.name };
    return ok({ status: 'duplicate', duplicate_of });
  }
  const stored_filename = `${randomUUID()}${extension(upload)}`;
  const task_id = start({ ...upload, owner: uploadOwner(visit) }, `/workdir/${stored_filename}`);
  const names = { original_filename: upload.name, stored_filename };
  return ok({ task_id, operation_id: randomUUID(), status: 'queued', ...names });
}

/** With a single user, documents have no owner. */
function uploadOwner({ api, user }: Visit): string | null {
  return user && isMultiUser(api) ? ownerOf(user) : null;
}
