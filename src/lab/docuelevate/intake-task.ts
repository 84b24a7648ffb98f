import { randomUUID } from 'node:crypto';
import { extname } from 'node:path';
import { hashOf, type Upload } from './documents.js';
import { celeryName, type Engine, type Job, type Note, noteOf, type Task } from './engine.js';
import { extractMetadata } from './metadata-tasks.js';
import { processWithOcr } from './ocr-task.js';
import { isScan, origin, textOf } from './pdf.js';
import { usualDelays } from './tasks.js';

/** An uploaded document: a file in the work folder, and its name. */
export interface Order {
  readonly path: string;
  readonly name: string;
  readonly type: string;
  readonly owner: string | null;
  /** The document that is processed again. */
  readonly again?: number;
}

/** A row disappeared, or never existed, between two statements of one transaction. */
class StaleDataError extends Error {
  override readonly name = 'StaleDataError';
}

/**
 * The engine's first task: creates the row, copies the file, reads the text, queues the next task. Throws when the row is deleted while it
 * copies the file. Celery then reruns the task from the beginning under the same task id, and the document gets another id.
 */
export function processDocument(engine: Engine, order: Order): Job {
  return {
    name: celeryName('process_document'),
    delays: usualDelays,
    async run(task) {
      const note = noteOf(engine, task, null);
      await note('process_document', 'in_progress', `Processing file: ${order.path}`);
      const bytes = engine.documents.disk.get(order.path);
      if (!bytes) return note('process_document', 'failure', 'File not found');
      await note('check_for_duplicates', 'in_progress', 'Computing file hash for deduplication');
      const short = hashOf(bytes).slice(0, 10);
      await note('check_for_duplicates', 'in_progress', `Hash: ${short}..., checking for duplicates`);
      const upload = { name: order.name, type: order.type, owner: order.owner, bytes };
      const id =
        order.again === undefined ? await create(engine, task, upload) : await reopen(engine, task, order.again);
      if (id !== null) await read(engine, task, { id, upload, again: order.again !== undefined, path: order.path });
    },
  };
}

/** Null when there is nothing to do, because the bytes are already stored. */
async function create(engine: Engine, task: Task, upload: Upload): Promise<number | null> {
  const { documents } = engine;
  const twin = documents.twin(upload.bytes);
  if (twin) {
    const { id } = documents.add(upload, twin.id);
    const note = noteOf(engine, task, id);
    await note('check_for_duplicates', 'success', `Duplicate detected - matching file ID ${twin.id}`);
    await note('process_document', 'success', 'Duplicate file detected, skipping');
    return null;
  }
  await noteOf(engine, task, null)('create_file_record', 'in_progress', 'Creating file record');
  const { id } = documents.add(upload, null);
  const note = noteOf(engine, task, id);
  await note('create_file_record', 'success', `File record ID: ${id}`);
  await note('check_for_duplicates', 'success', 'New file - no duplicates found');
  return id;
}

async function reopen(engine: Engine, task: Task, id: number): Promise<number | null> {
  const note = noteOf(engine, task, id);
  const there = engine.documents.find(id) !== undefined;
  if (there) await note('process_document', 'in_progress', `Reprocessing file record ID: ${id}`);
  else await note('process_document', 'failure', 'File record not found');
  return there ? id : null;
}

interface Opened {
  readonly id: number;
  readonly upload: Upload;
  readonly again: boolean;
  readonly path: string;
}

async function read(engine: Engine, task: Task, opened: Opened): Promise<void> {
  const { id, upload } = opened;
  const note = noteOf(engine, task, id);
  const file = `${randomUUID()}${extname(opened.path)}`;
  await copy(engine, note, { ...opened, file });
  await note('route_pipeline', 'skipped', 'No routing rule matched; using default profile');
  await note('check_text', 'in_progress', 'Checking for embedded text');
  if (isScan(upload.bytes)) {
    await note('check_text', 'success', 'No embedded text, queuing OCR');
    await note('extract_text', 'skipped', 'No embedded text, using OCR instead');
    await note('process_document', 'success', 'Queued for OCR processing');
    engine.tasks.start(processWithOcr(engine, { file, id }));
    return;
  }
  await note('check_text', 'success', 'Embedded text found, extracting locally');
  await note('extract_text', 'in_progress', 'Extracting text locally');
  const text = textOf(upload.bytes);
  await note('extract_text', 'success', `Extracted ${text.length} characters`);
  const score = origin(upload.bytes) === 'digital' ? 100 : await rate(engine, task, text);
  await note('check_text_quality', 'success', `Text quality OK (score=${score}/100)`);
  await note('process_with_ocr', 'skipped', 'Local text extraction succeeded, OCR not needed');
  await note('process_document', 'success', 'Queued for metadata extraction');
  engine.tasks.start(extractMetadata(engine, { file, id, text }));
}

/** Copies the file, then writes the paths to the row that has the id at that time. Throws when the row was deleted meanwhile. */
async function copy(engine: Engine, note: Note, { id, upload, again, path, file }: Opened & { file: string }) {
  const { documents } = engine;
  const original = `/workdir/original/${file}`;
  if (again) await note('save_original', 'success', 'Reprocessing: using existing original');
  else {
    await note('save_original', 'in_progress', `Saving original to ${file}`);
    documents.disk.set(original, upload.bytes);
    await note('save_original', 'success', `Original saved: ${file}`);
  }
  await note('copy_file', 'in_progress', `Copying file to ${file}`);
  await engine.pause();
  const local = `/workdir/tmp/${file}`;
  documents.disk.set(local, documents.disk.get(path) ?? upload.bytes);
  await note('copy_file', 'success', `File copied to ${file}`);
  const paths = again ? { local } : { local, original };
  if (!documents.update(id, { ...paths, planned: true }))
    throw new StaleDataError("UPDATE statement on table 'files' expected to update 1 row(s); 0 were matched.");
  documents.plan(id);
}

/** Asks the AI to rate a text of unknown origin. Without an answer, the text counts as good. */
async function rate(engine: Engine, task: Task, text: string): Promise<number> {
  if (!engine.ai.configured(task)) return 50;
  const question = `Rate this text: answer with a quality_score. ${text}`;
  const answer = await engine.ai.chat(task, question).catch(() => '');
  return Number(/"quality_score":\s*(\d+)/.exec(answer)?.[1] ?? 50);
}
