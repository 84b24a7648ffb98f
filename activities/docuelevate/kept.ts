import type { StepSight } from '../../src/domain/verification.js';
import type { DocuElevateDeps } from './activities.js';
import type { DocuElevateClient } from './client.js';
import { connect } from './engine.js';
import { poll } from './follow.js';
import { endOf, sightOf } from './processing.js';
import { isTestDocument } from './test-document.js';

/** A repeated upload of one finished document. */
interface UploadAgain {
  readonly credential: string;
  /** The kept document, by DocuElevate's number. */
  readonly document: number;
  /** For instance `upload_to_s3`. */
  readonly step: string;
}

/**
 * `gone`: the document does not exist, or is not one of ours. `unfinished`: no end was seen in time, or one that shows nothing.
 * `unfit`: the upload would leave a copy or a mail each time, or DocuElevate cannot repeat it.
 */
export type UploadedAgain = StepSight | 'gone' | 'unfinished' | 'unfit';

/**
 * The uploads that overwrite the same file, so that a repeated one leaves nothing. Of the others, SFTP, Nextcloud, Dropbox and the
 * services with accounts keep a copy each time, Paperless keeps one or finds a duplicate, mail fails in DocuElevate itself, and
 * SharePoint, Evernote and iCloud cannot be repeated.
 */
const overwriting: readonly string[] = ['upload_to_s3', 'upload_to_webdav', 'upload_to_ftp'];

export function overwrites(step: string): boolean {
  return overwriting.includes(step);
}

const notOverwritten = '550'; // an FTP server that forbids to overwrite says so after the login, so it shows nothing of the password

const deadlineMs = 15_000; // uploads took 0.3 s; the rest is for the queue

/**
 * Makes the worker upload one kept document again with the value that it has: no other step and no other destination. Only where the
 * destination overwrites, so that no copy is left. The engine retries a failure for 21 minutes.
 */
export async function uploadAgain(deps: DocuElevateDeps, again: UploadAgain): Promise<UploadedAgain> {
  const { document, step } = again;
  if (!overwrites(step)) return 'unfit';
  const { client } = await connect(deps, again.credential);
  if (!(await isKept(client, document))) return 'gone';
  const task = await client.retrySubtask(document, step);
  if (task === null) return 'gone';
  const seen = async (): Promise<StepSight | undefined> => {
    const lines = await client.linesOf(task);
    return sightOf(endOf(lines, step), step, lines.at(-1));
  };
  const sight = (await poll(seen, Date.now() + deadlineMs, 5)) ?? 'unfinished';
  return sight !== 'unfinished' && step === 'upload_to_ftp' && sight.code === notOverwritten ? 'unfinished' : sight;
}

/** Checks the document's name, since ids of deleted documents are reused: other people's documents are never uploaded. */
export async function isKept(client: DocuElevateClient, document: number): Promise<boolean> {
  return isTestDocument((await client.file(document))?.file.original_filename);
}
