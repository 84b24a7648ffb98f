import { setTimeout as delay } from 'node:timers/promises';
import type { StepSight } from '../../src/domain/verification.js';
import type { DocuElevateDeps } from './activities.js';
import { DocuElevateClient } from './client.js';
import { endOf } from './processing.js';
import { isTestDocument } from './test-document.js';

/** A repeated upload of one finished document. */
export interface UploadAgain {
  readonly credential: string;
  /** The kept document, by DocuElevate's number. */
  readonly document: number;
  /** For instance `upload_to_s3`. */
  readonly step: string;
}

/** `gone`: the document does not exist, or is not one of ours. `unfinished`: no end was seen in time. */
export type UploadedAgain = StepSight | 'gone' | 'unfinished';

const deadlineMs = 15_000; // uploads took 0.3 s; the rest is for the queue

/**
 * Makes the worker upload one kept document again with the value that it has: no other step and no other destination. Used only where
 * the destination overwrites, so that no copy is left. The engine retries a failure for 21 minutes.
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

/** Checks the document's name, since ids of deleted documents are reused: other people's documents are never uploaded. */
export async function isKept(client: DocuElevateClient, document: number): Promise<boolean> {
  return isTestDocument((await client.file(document))?.file.original_filename);
}
