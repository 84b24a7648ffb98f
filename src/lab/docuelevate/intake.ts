import { randomUUID } from 'node:crypto';
import type { Answer, Incoming } from '../routes.js';
import { detail, ok, type Problem, unprocessable } from './answers.js';
import type { Upload } from './documents.js';
import type { Stamp } from './database.js';
import { missing, readForm } from './upload-form.js';

/** Who hands a document in, and whose it will be. */
export interface Sender {
  readonly owner: string | null;
}

/** The upload API for programs. It is idempotent: a repeated key returns the same row and starts nothing. */
export interface Intake {
  /** Nobody is asked who it is before the form is complete. */
  take(request: Incoming, sender: Sender | null): Promise<Answer>;
  show(id: number): Answer;
}

interface Row {
  readonly intake_id: number;
  readonly idempotency_key: string;
  readonly source: string;
  readonly filename: string;
  /** Never changes, whatever happens to the document. */
  readonly state: 'queued';
  readonly task_id: string;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface IntakeOptions {
  readonly stamp: Stamp;
  /** Puts a document into the work folder, queues it, and returns the task's id. */
  readonly start: (upload: Upload, path: string) => string;
}

export function createIntake({ start, stamp }: IntakeOptions): Intake {
  const rows: Row[] = [];

  function add(upload: Upload, idempotency_key: string, source: string): Row {
    const path = `/workdir/intake_${rows.length + 1}_${randomUUID().replaceAll('-', '')}${extension(upload)}`;
    const [now, task_id] = [stamp().replace('+00:00', 'Z'), start(upload, path)];
    const row = { intake_id: rows.length + 1, idempotency_key, source, filename: upload.name };
    const queued: Row = { ...row, state: 'queued', task_id, created_at: now, updated_at: now };
    rows.push(queued);
    return queued;
  }

  return {
    async take(request, sender) {
      const form = await readForm(request);
      const [key, source] = [form.text('idempotency_key'), form.text('source')];
      const problems = [...keyProblems(key), ...['source'].filter((field) => !form.text(field)).map(missing)];
      if (!form.upload) problems.push(missing('file'));
      if (!form.upload || problems.length > 0) return unprocessable(problems);
      if (!sender) return detail(401, unknownSender);
      const known = rows.find((row) => row.idempotency_key === key);
      if (!known && !supported(form.upload)) return detail(415, 'Unsupported document type');
      const row = known ?? add({ ...form.upload, owner: sender.owner }, key, source);
      return { status: 202, body: { ...row, duplicate: known !== undefined } };
    },
    show(id) {
      const row = rows.find((each) => each.intake_id === id);
      return row ? ok({ ...row, duplicate: false }) : detail(404, 'Intake not found');
    },
  };
}

export const unknownSender = 'Document intake authentication required';

function keyProblems(key: string): Problem[] {
  if (key.length >= 8 && key.length <= 255) return [];
  const [type, bound, ctx] =
    key.length < 8
      ? (['string_too_short', 'at least 8', { min_length: 8 }] as const)
      : (['string_too_long', 'at most 255', { max_length: 255 }] as const);
  return [{ type, loc: ['body', 'idempotency_key'], msg: `String should have ${bound} characters`, input: key, ctx }];
}

export function extension({ name }: Upload): string {
  return /\.\w+$/.exec(name)?.[0] ?? '.pdf';
}

function supported({ name, type }: Upload): boolean {
  const extension = /\.\w+$/.exec(name)?.[0].toLowerCase();
  if (extension) return ['.pdf', '.txt', '.docx', '.png', '.jpg', '.jpeg'].includes(extension);
  return ['application/pdf', 'text/plain'].includes(type);
}
