import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { recordFinding, reporting } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import { passing } from '../shared/failures.js';
import { scope } from '../shared/scope.js';
import type { DocuElevateDeps } from './activities.js';
import type { DocuElevateClient } from './client.js';
import { type Engine, openEngine } from './engine.js';
import { follow, type Followed } from './follow.js';
import { rewrite } from './reload.js';
import { testDocument } from './test-document.js';

interface TestRun {
  readonly version: VersionRef;
  /** The processing step that needs the credential, for instance `extract_metadata_with_gpt`. */
  readonly expect: string;
  /** The OCR engine that needs the credential. The document is then a scan, which this engine has to read. */
  readonly scanFor?: string;
  /** Leaves the document in the engine, for verification. */
  readonly keep?: boolean;
}

const deadlineMs = 45_000; // half the start-to-close timeout; a document takes 1.5 s plus the queue before it
const mostRounds = 10; // documents that earlier attempts of a check have used up, and some more; 20 uploads a minute are allowed
const mostAnew = 2; // each document that fails for another reason leaves a copy at every destination

/**
 * Whether a new document passes the step that needs the credential. It counts only after a reload of the engine's settings: a worker
 * that started with an empty Redis uses the environment's value.
 */
export async function processTestDocument(deps: DocuElevateDeps, run: TestRun): Promise<Finding> {
  const { version, scanFor } = run;
  await requireFence(deps.store, version); // a rotation that another one has taken over must ask nothing
  const engine = await openEngine(deps, version);
  const { store, client } = engine;
  const say = reporting(store, version, 'document');
  const readers = scanFor === undefined ? [] : await ocrEngines(client);
  if (scanFor !== undefined && !readers.includes(scanFor))
    return say('not-observable', `ocr_providers is ${readers.join(', ')}, so no document is read by ${scanFor}`);
  const notOurs = await rewrite(engine, version);
  if (notOurs !== null) return say('failed', notOurs);
  const finding = await tryDocuments(engine, run);
  await requireFence(store, version); // after a takeover the document may have used the other rotation's value
  return recordFinding(store, version, finding);
}

/** Processes a document with whatever value the engine holds. Only the provider's last use can show which version that was. */
export async function observeDocument(deps: DocuElevateDeps, run: TestRun): Promise<Finding> {
  const engine = await openEngine(deps, run.version);
  return recordFinding(engine.store, run.version, { ...(await tryDocuments(engine, run)), kind: 'observed' });
}

/** Tries one document, and another one when it proves nothing: it failed before the step, or an earlier attempt has used it up. */
async function tryDocuments(engine: Engine, { version, expect, scanFor, keep = false }: TestRun): Promise<Finding> {
  const { store, client } = engine;
  const { credential, number } = version;
  const until = Date.now() + deadlineMs;
  const failed: string[] = [];
  for (let round = 1; round <= mostRounds && failed.length <= mostAnew; round += 1) {
    const occasion = { installation: store.installation, credential, version: number, check: scope().key, round };
    await requireFence(store, version);
    const document = testDocument(occasion, scanFor === undefined ? 'text' : 'scan');
    const followed = await follow({ store, client, version, expect, until, keep }, document);
    if (followed.verdict === 'failed-before')
      failed.push(`${followed.failure ?? 'an earlier step'} (${document.name})`);
    else if (isVerdict(followed)) return judge(expect, document.name, followed);
  }
  if (failed.length === 0) throw passing('DocuElevate does not show the test documents that it accepted');
  const detail = `no document reached ${expect}: they failed at ${failed.join(', ')}`;
  return { kind: 'document', outcome: 'failed', detail };
}

/** The OCR engines that read scans. DocuElevate's default is Tesseract. */
export async function ocrEngines(client: DocuElevateClient): Promise<string[]> {
  return ((await client.shownValue('ocr_providers')) || 'tesseract').split(',').map((name) => name.trim());
}

const outcomes = {
  success: { outcome: 'proved', word: 'success' },
  partly: {
    outcome: 'not-observable',
    word: 'some of several services succeeded, and DocuElevate does not say which',
  },
  failure: { outcome: 'failed', word: 'failure' },
  skipped: { outcome: 'failed', word: 'skipped, as without a value' },
  'not-run': { outcome: 'failed', word: 'it did not run, and the document was finished without it' },
} as const satisfies Partial<Record<Followed['verdict'], { outcome: Finding['outcome']; word: string }>>;

type Judged = Followed & { readonly verdict: keyof typeof outcomes };

function isVerdict(followed: Followed): followed is Judged {
  return Object.hasOwn(outcomes, followed.verdict);
}

function judge(expect: string, name: string, { verdict, failure, left }: Judged): Finding {
  const { outcome, word } = outcomes[verdict];
  const where = verdict === 'failure' && failure !== null ? `, at ${failure}` : '';
  const stays = left === null ? '' : `; it stays in DocuElevate: ${left}`;
  return { kind: 'document', outcome, detail: `${expect}: ${word}${where} (${name}${stays})` };
}
