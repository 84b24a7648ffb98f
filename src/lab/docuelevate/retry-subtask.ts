import type { Answer } from '../routes.js';
import { detail, ok, unprocessable } from './answers.js';
import type { FileRecord } from './documents.js';
import { missing } from './upload-form.js';
import type { Worker } from './worker.js';

const pipelineSteps = [
  'embed_metadata_into_pdf',
  'extract_metadata_with_gpt',
  'process_document',
  'process_with_azure_document_intelligence',
  'process_with_ocr',
];

const uploads = [
  'dropbox',
  'email',
  'ftp',
  'google_drive',
  'nextcloud',
  'onedrive',
  'paperless',
  's3',
  'sftp',
  'webdav',
];

/** Repeats one step of a stored document: an upload of its finished copy, or the metadata while the working copy exists. */
export function retrySubtask(worker: Worker, file: FileRecord, query: URLSearchParams): Answer {
  const name = query.get('subtask_name');
  if (name === null) return unprocessable([{ ...missing('subtask_name'), loc: ['query', 'subtask_name'] }]);
  if (pipelineSteps.includes(name)) return retryStep(worker, file, name);
  const names = uploads.map((each) => `upload_to_${each}`);
  if (!names.includes(name)) {
    const valid = [...names, ...pipelineSteps].sort().join(', ');
    return detail(400, `Invalid subtask name: ${name}. Must be one of: ${valid}`);
  }
  if (file.processed === null) return detail(400, `Processed file not found. Cannot retry upload. Paths checked: `);
  const task = worker.uploadAgain(name.replace('upload_to_', ''), file);
  return task === null
    ? detail(501, `${name} is not simulated`)
    : queued(file, name, { message: `Upload task ${name} queued for retry`, task });
}

function retryStep(worker: Worker, file: FileRecord, name: string): Answer {
  if (name !== 'extract_metadata_with_gpt') return detail(501, `${name} is not simulated`);
  const task = worker.extractAgain(file);
  if (task !== null) return queued(file, name, { message: `Pipeline step ${name} queued for retry`, task });
  const checked = `Path checked: local_filename='${file.local}' (exists=False)`;
  return detail(400, `Local file not found on disk. Cannot retry metadata extraction. ${checked}`);
}

function queued({ id }: FileRecord, name: string, { message, task }: { message: string; task: string }): Answer {
  return ok({ status: 'success', message, file_id: id, subtask_name: name, task_id: task });
}
