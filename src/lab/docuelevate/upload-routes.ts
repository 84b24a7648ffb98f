import { randomUUID } from 'node:crypto';
import type { Answer, Routes } from '../routes.js';
import { detail, ok, unprocessable } from './answers.js';
import type { Documents } from './documents.js';
import { createIntake, extension, type IntakeOptions, type Sender, unknownSender } from './intake.js';
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
  return {
    'POST /api/ui-upload': loggedIn(limited((visit) => uiUpload(visit, options))),
    'POST /api/intake/documents': limited((visit) => intake.take(visit, senderOf(visit))),
    'GET /api/intake/documents/{id}': (visit) =>
      senderOf(visit) ? intake.show(Number(visit.params.id)) : detail(401, unknownSender),
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

/** A user, or a program that knows the shared secret. */
function senderOf(visit: Visit): Sender | null {
  if (visit.user) return { owner: uploadOwner(visit) };
  const { api, headers } = visit;
  const secret = api.current('document_intake_shared_secret');
  if (!secret || headers['x-docuelevate-intake-secret'] !== secret) return null;
  return { owner: isMultiUser(api) ? api.current('document_intake_shared_owner_id') : null };
}

/** With a single user, documents have no owner. */
function uploadOwner({ api, user }: Visit): string | null {
  return user && isMultiUser(api) ? ownerOf(user) : null;
}
