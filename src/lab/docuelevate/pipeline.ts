import { randomUUID } from 'node:crypto';
import type { Documents, FileRecord, StepStatus, Upload } from './documents.js';
import { type Ocr, readWithAll } from './ocr.js';
import type { Sftp } from './sftp.js';

/** What a document's way through the engine needs. */
export interface Tools {
  readonly documents: Documents;
  readonly ai: Ai;
  readonly ocr: Ocr;
  /** Uploads a document to S3; null where that is no destination. */
  readonly s3: ((name: string, bytes: Buffer) => Promise<void>) | null;
  readonly sftp: Sftp;
  /** The moment until a queue's next task begins. */
  pause(): Promise<void>;
  destinationBroken(): boolean;
}

/** AI calls with the key the worker holds at the moment of the call. */
export interface Ai {
  /** Whether there is a key at all: without one the AI steps are skipped. */
  configured(): boolean;
  /** @throws AiError */
  chat(content: string): Promise<void>;
  /** @throws AiError */
  embed(text: string): Promise<void>;
}

type Work = () => Promise<StepStatus>;

/** Takes a document through every step, as task `task` and, from the AI on, as tasks of their own. Each upload is separate. */
export async function runPipeline(tools: Tools, document: Upload | FileRecord, task: string): Promise<void> {
  const { documents, ai } = tools;
  await tools.pause();
  const created = { task, step: 'create_file_record', message: 'Creating the file record' };
  documents.log({ ...created, file: null, status: 'in_progress' });
  const file = 'id' in document ? document : documents.add(document);
  documents.log({ ...created, file, status: 'success' });
  if (file.duplicate) return;

  const run = (name: string, work: Work, id: string = randomUUID()): Promise<boolean> =>
    step(documents, { file, task: id, step: name }, work);
  const skipUnlessConfigured = (call: () => Promise<void>) => async (): Promise<StepStatus> => {
    if (!ai.configured()) return 'skipped';
    await call();
    return 'success';
  };
  await run('check_text', () => checkText(ai, file), task);
  await run('extract_text', succeed, task);
  if (isScan(file) && !(await run('process_with_ocr', () => readScan(tools, file)))) return;
  const extract = skipUnlessConfigured(() => ai.chat('Extract the metadata of this document as JSON.'));
  if (!(await run('extract_metadata_with_gpt', extract))) return;
  await run('embed_metadata_into_pdf', succeed);
  await run('finalize_document_storage', succeed);
  await run('send_to_all_destinations', succeed);
  for (const destination of [...destinations, ...others(tools)]) {
    await run(`queue_${destination}`, succeed);
    await tools.pause();
    await run(`upload_to_${destination}`, () => upload(tools, destination, file));
  }
  await tools.pause();
  await run(
    'compute_embedding',
    skipUnlessConfigured(() => ai.embed('The text of the document.')),
  );
}

const destinations = ['webdav', 'nextcloud'];

/** A picture of a page, and no text on it. */
function isScan({ upload }: FileRecord): boolean {
  const content = upload.bytes.toString('latin1');
  return content.includes('/Subtype /Image') && !/\bTj\b/.test(content);
}

async function readScan({ documents, ocr }: Tools, file: FileRecord): Promise<StepStatus> {
  const about = { file, task: randomUUID(), step: 'run_ocr_providers' };
  documents.log({ ...about, status: 'in_progress', message: `Running OCR providers: ${ocr.engines().join(', ')}` });
  const { read, of, errors } = await readWithAll(ocr, file.upload.bytes);
  if (read > 0) {
    documents.log({ ...about, status: 'success', message: `${read} of ${of} OCR provider(s) succeeded` });
    return 'success';
  }
  documents.log({ ...about, status: 'failure', message: 'All OCR providers failed' });
  throw new Error(`All OCR providers failed for ${file.upload.name}: ${errors}`);
}

async function succeed(): Promise<StepStatus> {
  return 'success';
}

/** Asks the AI about texts of unknown origin, and goes on whatever becomes of that. */
async function checkText(ai: Ai, { upload }: FileRecord): Promise<StepStatus> {
  const digital = /LibreOffice|cairo|pdfTeX|fpdf|reportlab|chromium/i.test(upload.bytes.toString('latin1'));
  if (!digital && ai.configured()) await ai.chat('Rate this text: answer with a quality_score.').catch(() => undefined);
  return 'success';
}

/** Where documents go as well, by the settings. */
function others({ s3, sftp }: Tools): string[] {
  return [...(s3 ? ['s3'] : []), ...(sftp.configured() ? ['sftp'] : [])];
}

async function upload(tools: Tools, destination: string, { upload: { name, bytes } }: FileRecord): Promise<StepStatus> {
  await tools.pause();
  if (destination === 's3') await tools.s3?.(name, bytes);
  if (destination === 'sftp') await tools.sftp.upload(name, bytes);
  if (destination === 'nextcloud' && tools.destinationBroken()) throw new Error('507 Insufficient Storage');
  return 'success';
}

/** Logs a step at its start and at its end. False when it failed. */
async function step(
  documents: Documents,
  about: { readonly file: FileRecord; readonly task: string; readonly step: string },
  work: Work,
): Promise<boolean> {
  documents.log({ ...about, status: 'in_progress', message: `Starting ${about.step}` });
  try {
    const status = await work();
    documents.log({ ...about, status, message: `Finished ${about.step}` });
    return true;
  } catch (error) {
    documents.log({ ...about, status: 'failure', message: `Exception: ${String(error)}` });
    return false;
  }
}
