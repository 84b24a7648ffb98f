import { setTimeout as delay } from 'node:timers/promises';
import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { found, presentFence } from '../shared/guard.js';
import { passing } from '../shared/patience.js';
import { scope } from '../shared/scope.js';
import type { DocuElevateDeps } from './activities.js';
import { DocuElevateClient } from './client.js';
import type { ProcessedFile } from './schemas.js';
import { type TestDocument, testDocument } from './test-document.js';

export interface TestRun {
  readonly version: VersionRef;
  /** The processing step that needs the credential, for instance `extract_metadata_with_gpt`. */
  readonly expect: string;
  /** The OCR engine that needs the credential: the document is then a scan, which this engine has to read. */
  readonly scanFor?: string;
}

const deadlineMs = 45_000; // half the start-to-close timeout; a document takes 1.5 s plus the queue before it
const earlierDocumentMs = 2_000; // what an earlier attempt handed in has begun by now, or is gone
const mostDocuments = 10; // one for each attempt of a check, and some to spare; 20 uploads a minute are allowed

export async function processTestDocument(deps: DocuElevateDeps, run: TestRun): Promise<Finding> {
  const { store, sessions, engine } = deps;
  const { version, expect, scanFor } = run;
  const client = new DocuElevateClient(sessions.of(await engine(version.credential)));
  const unread = scanFor === undefined ? null : await whyUnread(client, scanFor);
  if (unread !== null) return found(store, version, { kind: 'document', outcome: 'not-observable', detail: unread });
  if ((await client.workersOnline()) === 0) throw passing('no worker of DocuElevate is online to process a document');
  const until = Date.now() + deadlineMs;
  for (let round = 1; round <= mostDocuments; round += 1) {
    const { credential, number } = version;
    const check = scope().key;
    const occasion = { installation: store.installation, credential, version: number, check, round };
    await presentFence(store, version);
    const finding = await follow(
      { client, expect, until },
      testDocument(occasion, scanFor === undefined ? 'text' : 'scan'),
    );
    if (finding) return found(store, version, finding);
  }
  throw passing('DocuElevate does not show the test documents that it took');
}

/** Why no document would show anything: the engine has scans read by others only. Unset, it is Azure. */
async function whyUnread(client: DocuElevateClient, engine: string): Promise<string | null> {
  const engines = ((await client.shownValue('ocr_providers')) || 'azure').split(',').map((name) => name.trim());
  if (engines.includes(engine)) return null;
  return `ocr_providers is ${engines.join(', ')}, so no document is read by ${engine}`;
}

interface Watch {
  readonly client: DocuElevateClient;
  readonly expect: string;
  /** Unix milliseconds. */
  readonly until: number;
}

/** Null when the document cannot be followed: an earlier attempt has deleted it, or its bytes were seen before. */
async function follow(watch: Watch, document: TestDocument): Promise<Finding | null> {
  const file = await handIn(watch, document);
  if (file === null) return null;
  const verdict = await verdictOn(watch, document, file);
  if (verdict === 'gone') return null;
  const left = await cleanUp(watch.client, file);
  if (verdict === 'duplicate') return null;
  const detail = `${watch.expect}: ${words[verdict] ?? verdict} (${document.name}${left})`;
  return { kind: 'document', outcome: outcomes[verdict] ?? 'failed', detail };
}

const words: Partial<Record<Verdict, string>> = {
  skipped: 'skipped, as without a value',
  partly: 'some of several succeeded, and which is not said',
};
const outcomes: Partial<Record<Verdict, Finding['outcome']>> = { success: 'proved', partly: 'not-observable' };

/** The id that the engine gave the document; null when that of an earlier attempt is gone or never came to be. */
async function handIn({ client, until }: Watch, document: TestDocument): Promise<number | null> {
  const { task_id: task, duplicate } = await client.takeIn(document);
  if (typeof task !== 'string') return null;
  const patience = duplicate ? Math.min(until, Date.now() + earlierDocumentMs) : until;
  const file = await poll(() => client.fileOf(task), patience);
  if (file !== undefined) return file;
  if (patience < until) return null;
  throw notFinished();
}

type Verdict = 'success' | 'partly' | 'failure' | 'skipped' | 'duplicate' | 'gone';

async function verdictOn({ client, expect, until }: Watch, document: TestDocument, id: number): Promise<Verdict> {
  let ours = false;
  try {
    const verdict = await poll(async () => {
      const file = await client.file(id);
      ours = file?.file.original_filename === document.name; // ids of deleted documents are given out again
      if (!file || !ours) return 'gone';
      return file.processing_status.status === 'duplicate' ? 'duplicate' : endOf(file, expect);
    }, until);
    if (verdict === undefined) throw notFinished();
    return verdict;
  } catch (error) {
    if (ours) await cleanUp(client, id);
    throw error;
  }
}

/** How the step ended, by the newest of its log lines. Other steps, and other destinations, are not looked at. */
function endOf({ logs }: ProcessedFile, expect: string): Verdict | undefined {
  const [newest] = logs.filter(({ step_name }) => step_name === expect).sort((a, b) => b.id - a.id);
  const ends = ['success', 'failure', 'skipped'] as const;
  const end = ends.find((each) => each === newest?.status);
  const { done = 0, of = 0 } = newest?.message ?? {};
  return end === 'success' && done < of ? 'partly' : end;
}

/** What is to be said of a document that stays; it does not change what was found out. */
async function cleanUp(client: DocuElevateClient, file: number): Promise<string> {
  const deleted = await client.deleteFile(file).catch(() => false);
  return deleted ? '' : '; it could not be deleted';
}

/** Asks until there is an answer, quickly at first; undefined when the time is over. */
async function poll<T>(ask: () => Promise<T | undefined>, until: number): Promise<T | undefined> {
  for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 2, 1000)) {
    const answer = await ask();
    if (answer !== undefined || Date.now() + pauseMs > until) return answer;
    await delay(pauseMs);
  }
}

function notFinished(): Error {
  return passing(`DocuElevate did not finish the test document within ${deadlineMs / 1000} seconds`);
}
