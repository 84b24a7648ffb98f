import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { WriteReceipts } from '../../src/store/records.js';
import { reporting } from '../shared/evidence.js';
import type { DocuElevateDeps } from './activities.js';
import type { DocuElevateClient } from './client.js';
import { connect } from './engine.js';
import type { ProcessedFile } from './schemas.js';
import type { DocuElevateConnection } from './session.js';

interface UploadGap {
  readonly version: VersionRef;
  /** The processing step that needs the credential, for instance `upload_to_s3`. */
  readonly step: string;
  /** Start of the counted time. Default: while the engine held halves of two values. */
  readonly since?: 'the last reload but one';
}

/**
 * Counts the documents whose step failed while the engine held halves of two values, or since the trial began, and has not succeeded
 * since. The engine retries an upload after 1, 5 and 15 minutes. Times are by the engine's clock, in whole seconds; only its newest
 * documents are counted.
 */
export async function countFailedUploads(deps: DocuElevateDeps, { version, step, since }: UploadGap): Promise<Finding> {
  const { store } = deps;
  const { client, connection } = await connect(deps, version.credential);
  const { receipts } = await store.read(version);
  const { settings } = connection;
  const { from, to } = since ? await trialOf(client, settings) : await gapOf(client, settings, receipts);
  const lost: number[] = [];
  for (const id of await client.filesInTrouble()) {
    const file = await client.file(id);
    if (file && isLost(file, step, { from, to: later(to) })) lost.push(id);
  }
  const say = reporting(store, version, 'gap');
  const what = `failed at ${step} between ${from} and ${to}`;
  if (lost.length === 0) return say('proved', `every document that ${what} has succeeded since`);
  return say('failed', `${lost.length} documents ${what}: reprocess ${lost.join(', ')}`);
}

type Settings = DocuElevateConnection['settings'];

/** Naive UTC in whole seconds, by the engine's clock. */
interface Span {
  readonly from: string;
  readonly to: string;
}

/** From the reload before the old key was disabled until now. The newest reload belongs to the trial itself. */
async function trialOf(client: DocuElevateClient, settings: Settings): Promise<Span> {
  const key = Object.keys(settings).at(-1) ?? '';
  const ours = (await client.changes(key)).filter(client.isOurs);
  const from = (ours[1] ?? ours[0])?.changed_at?.slice(0, 19) ?? '';
  return { from, to: 'now' }; // later than any time
}

/** From our first write of a setting until the last one. */
async function gapOf(client: DocuElevateClient, settings: Settings, receipts: WriteReceipts): Promise<Span> {
  const times: string[] = [];
  for (const key of Object.keys(settings)) {
    const ours = (await client.changes(key)).find(({ id }) => id === (receipts[key]?.first ?? receipts[key]?.ours));
    if (ours?.changed_at) times.push(ours.changed_at.slice(0, 19));
  }
  const [from = '', to = from] = [times.toSorted()[0], times.toSorted().at(-1)];
  return { from, to };
}

function isLost({ logs }: ProcessedFile, step: string, { from, to }: Span): boolean {
  const [newest] = logs.filter(({ step_name }) => step_name === step).sort((a, b) => b.id - a.id);
  const at = newest?.timestamp?.slice(0, 19) ?? '';
  return newest?.status === 'failure' && from <= at && at <= to;
}

const failingMs = 2_000; // from the start of an upload to the log line of its failure

function later(naive: string): string {
  const at = Date.parse(`${naive}Z`);
  return Number.isNaN(at) ? naive : new Date(at + failingMs).toISOString().slice(0, 19);
}
