import { setTimeout as delay } from 'node:timers/promises';
import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { passing } from '../shared/failures.js';
import type { DocuElevateClient, TaskFile } from './client.js';
import { awaitsRetry, endOf, failureIn, ownLines, queueOf, type StepEnd, type Traced } from './processing.js';
import type { LogLine, ProcessedFile } from './schemas.js';
import type { TestDocument } from './test-document.js';

interface Watch {
  readonly store: Store;
  readonly client: DocuElevateClient;
  readonly version: VersionRef;
  /** The step that has to succeed. */
  readonly expect: string;
  /** Unix milliseconds. */
  readonly until: number;
  /** Leaves the document where it is. */
  readonly keep: boolean;
}

/** The result of a test document. */
export interface Followed {
  /**
   * - `failed-before`: another step failed, and the expected one did not run.
   * - `not-run`: the document was finished without the step.
   * - `used-up`: it proves nothing. An earlier attempt has deleted it, its bytes were seen before, or the step ran before the reload.
   */
  readonly verdict: StepEnd | 'failed-before' | 'not-run' | 'used-up';
  /** The step that failed, with the status in its message. */
  readonly failure: string | null;
  /** Why the document was not deleted. Null when it was. */
  readonly left: string | null;
}

const usedUp: Followed = { verdict: 'used-up', failure: null, left: null };
const earlierDocumentMs = 2_000; // a document of an earlier attempt has begun by now, or is gone

/** Uploads a document and follows it to its end, then deletes it. Not earlier: the engine creates a document again that disappears. */
export async function follow(watch: Watch, document: TestDocument): Promise<Followed> {
  const { client, until } = watch;
  const { task_id: task, duplicate } = await client.takeIn(document);
  if (typeof task !== 'string') return usedUp;
  if (!duplicate) await note(watch, 'not-observable', document.name);
  const deadline = duplicate ? Math.min(until, Date.now() + earlierDocumentMs) : until;
  const file = await poll(() => client.fileOf(task), deadline);
  if (file === undefined && deadline < until) return usedUp;
  if (file === undefined) throw await whyNotFinished(watch);
  const end = await comeToRest(watch, document, { ...file, task, duplicate });
  if (end === 'gone') return usedUp;
  const left = await cleanUp(watch, document, { id: file.id, lines: end.lines });
  return { verdict: end.early ? 'used-up' : verdictOn(end, watch.expect), failure: failureIn(end.lines), left };
}

interface Handed extends TaskFile, Traced {
  /** By an earlier attempt. */
  readonly duplicate: boolean;
}

interface Rest {
  readonly status: string;
  readonly lines: readonly LogLine[];
  /** The step began before this attempt's reload, so it may have used another value. */
  readonly early: boolean;
}

const stallMs = 10_000; // a document logs 34 lines in 1.3 s

/** Waits until the document has ended: its status is final and stays so, and its step has ended. */
async function comeToRest(watch: Watch, document: TestDocument, handed: Handed): Promise<Rest | 'gone'> {
  const { client, expect, until } = watch;
  const stability = new Stability(Date.now());
  let early: boolean | null = null;
  const rest = await poll(async (): Promise<Rest | 'gone' | undefined> => {
    const file = await client.file(handed.id);
    if (!file || !isNamed(file, document.name)) return 'gone'; // ids of deleted documents are reused
    const lines = ownLines(file, handed);
    early ??= handed.duplicate && lines.some(({ step_name }) => step_name === expect);
    const { status } = file.processing_status;
    if (stability.stalls(lines.length, Date.now())) {
      await requireWorker(client);
      if (isDistributed(lines) && endOf(lines, expect) !== undefined) return { status, lines, early };
    }
    return stability.holds(status, isFinal(status, lines, expect)) ? { status, lines, early } : undefined;
  }, until);
  if (rest === undefined) throw await whyNotFinished(watch);
  return rest;
}

const steadyPolls = 3;
const longestSteadyMs = 2_000;

/**
 * Whether a document's status is stable. It flickers during processing, with 8 changes in 1.3 s. So it has to hold for half the time
 * that it took to appear.
 */
class Stability {
  readonly #begun: number;
  #moved: number;
  #lines = 0;
  #status = '';
  #polls = 0;
  #since: number;

  constructor(now: number) {
    this.#begun = this.#moved = this.#since = now;
  }

  /** Called at each poll. Whether a final status was seen in enough consecutive polls. */
  holds(status: string, final: boolean): boolean {
    const now = Date.now();
    if (!final || status !== this.#status) [this.#polls, this.#since] = [0, now];
    this.#status = status;
    if (final) this.#polls += 1;
    const steadyMs = Math.min(longestSteadyMs, (this.#since - this.#begun) / 2);
    return this.#polls >= steadyPolls && now - this.#since >= steadyMs;
  }

  /** Whether nothing was logged for a while. True only once. */
  stalls(lines: number, now: number): boolean {
    if (lines > this.#lines) [this.#lines, this.#moved] = [lines, now];
    if (now - this.#moved < stallMs) return false;
    this.#moved = Number.POSITIVE_INFINITY;
    return true;
  }
}

/**
 * Whether a status is this document's own and final. Under a reused id it still includes steps of the earlier document. The engine says
 * `completed` as soon as uploads are queued, so the expected upload has to end as well.
 */
function isFinal(status: string, lines: readonly LogLine[], expect: string): boolean {
  if (status === 'duplicate') return true;
  if (status !== 'completed' && status !== 'failed') return false;
  if (!isDistributed(lines) && (status === 'completed' || failureIn(lines) === null)) return false;
  const queued = lines.some(({ step_name }) => step_name === expect || step_name === queueOf(expect));
  return !queued || endOf(lines, expect) !== undefined;
}

/** After one of these steps a document is completed. The second one runs where a user's own destinations replace the common ones. */
const lastSteps = ['send_to_all_destinations', 'send_to_user_destinations'];

/** Its uploads are queued. One of them may stay in progress forever, as with a Paperless that DocuElevate cannot follow. */
function isDistributed(lines: readonly LogLine[]): boolean {
  return lastSteps.some((step) => endOf(lines, step) === 'success');
}

function verdictOn({ status, lines }: Rest, expect: string): Followed['verdict'] {
  if (status === 'duplicate') return 'used-up';
  return endOf(lines, expect) ?? (failureIn(lines) === null ? 'not-run' : 'failed-before');
}

/** Why the document stays. Null when it is deleted. A document that stays is recorded and does not change the finding. */
async function cleanUp(watch: Watch, { name }: TestDocument, ended: Ended): Promise<string | null> {
  const { id } = ended;
  const why = watch.keep
    ? `as document ${id}, for keptDocument: ${id} in the configuration`
    : await whyLeft(watch.client, name, ended);
  await note(watch, why === null ? 'proved' : 'failed', name);
  return why;
}

interface Ended {
  readonly id: number;
  readonly lines: readonly LogLine[];
}

async function whyLeft(client: DocuElevateClient, name: string, { id, lines }: Ended): Promise<string | null> {
  if (awaitsRetry(lines)) return 'DocuElevate retries one of its steps later';
  if (!(await client.deleteFile(id).catch(() => false))) return 'it could not be deleted';
  const back = await client.file(id).catch(() => null);
  return isNamed(back, name) ? 'it reappeared after its deletion' : null;
}

function isNamed(file: ProcessedFile | null, name: string): boolean {
  return file?.file.original_filename === name;
}

/** Records by name whether a test document is deleted. Others are listed when the rotation ends. */
async function note({ store, version }: Watch, outcome: Finding['outcome'], name: string): Promise<void> {
  await store.prove(version, { kind: 'test-document', outcome, detail: name });
}

async function requireWorker(client: DocuElevateClient): Promise<void> {
  if ((await client.workersOnline()) === 0)
    throw passing('no worker of DocuElevate is online to process the test document: start one');
}

/** The engine needs some seconds to answer about its workers, so this is asked only when a document does not move. */
async function whyNotFinished({ client }: Watch): Promise<Error> {
  await requireWorker(client);
  return passing('DocuElevate did not finish the test document in time; the next attempt continues with the same one');
}

/** Polls until there is an answer, quickly at first. Undefined after `until`. */
export async function poll<T>(ask: () => Promise<T | undefined>, until: number, firstMs = 2): Promise<T | undefined> {
  for (let pauseMs = firstMs; ; pauseMs = Math.min(pauseMs * 2, 1000)) {
    const answer = await ask();
    if (answer !== undefined || Date.now() + pauseMs > until) return answer;
    await delay(pauseMs);
  }
}
