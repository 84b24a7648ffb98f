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
}

const deadlineMs = 45_000; // half the start-to-close timeout; a document takes 1.5 s plus the queue before it
const earlierDocumentMs = 2_000; // what an earlier attempt handed in has begun by now, or is gone
const mostDocuments = 10; // one for each attempt of a check, and some to spare; 20 uploads a minute are allowed

export async function processTestDocument(deps: DocuElevateDeps, { version, expect }: TestRun): Promise<Finding> {
  const { store, sessions, engine } = deps;
  const client = new DocuElevateClient(sessions.of(await engine(version.credential)));
  if ((await client.workersOnline()) === 0) throw passing('no worker of DocuElevate is online to process a document');
  const until = Date.now() + deadlineMs;
  for (let round = 1; round <= mostDocuments; round += 1) {
    const { credential, number } = version;
    const occasion = { installation: store.installation, credential, version: number, check: scope().key, round };
    await presentFence(store, version);
    const finding = await follow({ client, expect, until }, testDocument(occasion));
    if (finding) return found(store, version, finding);
  }
  throw passing('DocuElevate does not show the test documents that it took');
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
  const how = verdict === 'skipped' ? 'skipped, as without a value' : verdict;
  const detail = `${watch.expect}: ${how} (${document.name}${left})`;
  return { kind: 'document', outcome: verdict === 'success' ? 'proved' : 'failed', detail };
}

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

type Verdict = 'success' | 'failure' | 'skipped' | 'duplicate' | 'gone';

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
  return ends.find((end) => end === newest?.status);
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
