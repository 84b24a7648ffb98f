import { setTimeout as delay } from 'node:timers/promises';
import type { StepSight } from '../../src/domain/verification.js';
import type { DocuElevateDeps } from './activities.js';
import { DocuElevateClient } from './client.js';
import { endOf } from './processing.js';
import { isTestDocument } from './test-document.js';

/** One upload of one finished document, again. */
export interface UploadAgain {
  readonly credential: string;
  /** The document that is kept for it, by DocuElevate's number. */
  readonly document: number;
  /** For instance `upload_to_s3`. */
  readonly step: string;
}

/** `gone`: the document is not there, or is not one of ours. `unfinished`: no end was seen in time. */
export type UploadedAgain = StepSight | 'gone' | 'unfinished';

const deadlineMs = 15_000; // uploads were seen to take 0.3 s; the queue before it is somebody else's

/**
 * Lets the worker upload one kept document once more, with the value that it has: no other step, no other destination. Only where the
 * destination overwrites: then nothing is left of it. A failure is tried again by the engine, for 21 minutes.
 */
export async function uploadAgain(
  { sessions, engine }: DocuElevateDeps,
  { credential, document, step }: UploadAgain,
): Promise<UploadedAgain> {
  const client = new DocuElevateClient(sessions.of(await engine(credential)));
  if (!(await isKept(client, document))) return 'gone';
  const task = await client.retrySubtask(document, step);
  if (task === null) return 'gone';
  const until = Date.now() + deadlineMs;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 1000)) {
    const lines = await client.linesOf(task);
    const end = endOf(lines, step);
    if (end === 'success') return { step, end, code: null };
    if (end === 'failure') return { step, end, code: lines.at(-1)?.code ?? null };
    if (Date.now() + pauseMs > until) return 'unfinished';
    await delay(pauseMs);
  }
}

/** Ids of deleted documents are given out again, so the name is looked at: a document of somebody else is left alone. */
export async function isKept(client: DocuElevateClient, document: number): Promise<boolean> {
  return isTestDocument((await client.file(document))?.file.original_filename);
}
