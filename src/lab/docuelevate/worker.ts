import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { askOpenAi } from './ai.js';
import type { Documents, FileRecord, Upload } from './documents.js';
import { createOcr } from './ocr.js';
import { type Ai, runPipeline, type Tools } from './pipeline.js';
import { uploadTo } from './s3.js';
import type { Settings } from './settings.js';
import { createSftp } from './sftp.js';

export interface WorkerOptions {
  readonly settings: Settings;
  readonly env: ReadonlyMap<string, string>;
  readonly documents: Documents;
  /** Real milliseconds an AI call takes on top of the provider's own time. */
  readonly latencyMs: number;
  /** Ends whatever it does. */
  readonly signal: AbortSignal;
}

/** The process that handles documents, with its own memory of the settings. */
export interface Worker {
  /** While true, it does not look for changed settings. */
  stale: boolean;
  /** While true, one destination fails every document. */
  brokenDestination: boolean;
  /** How many documents wait or are being processed. */
  busy(): number;
  /** What the next task would use. */
  holds(key: string): string | null;
  restart(): void;
  useAi(): Promise<boolean>;
  useOcr(): Promise<boolean>;
  useS3(): Promise<boolean>;
  useSftp(): Promise<boolean>;
  /** Answers the task's id at once. */
  process(document: Upload | FileRecord): string;
}

export function createWorker({ settings, env, documents, latencyMs, signal }: WorkerOptions): Worker {
  const memory = new Map<string, string | null>(env);
  let [seen, busy] = [0, 0];

  /** Copies the rows there are, and so keeps what was deleted. */
  function load(): void {
    if (settings.version() === seen) return;
    for (const [key, value] of settings.rows) memory.set(key, value);
    seen = settings.version();
  }
  const holds = (key: string): string => worker.holds(key) ?? '';
  const pause = (): Promise<void> => delay(Math.max(1, latencyMs / 10), undefined, { signal });
  const ai = createAi(holds, { latencyMs, signal });
  const [ocr, s3, sftp] = [createOcr(holds, signal), createS3(holds, { env, signal }), createSftp(holds, signal)];
  const tools = { documents, ai, ocr, s3, sftp, pause, destinationBroken: () => worker.brokenDestination };

  const worker: Worker = {
    stale: false,
    brokenDestination: false,
    busy: () => busy,
    holds(key) {
      if (!worker.stale) load();
      return memory.get(key) ?? null;
    },
    restart() {
      memory.clear();
      for (const [key, value] of env) memory.set(key, value);
      seen = 0; // nothing was ever announced: the environment counts, whatever the database says
      load();
    },
    useAi: () => (ai.configured() ? succeeds(ai.chat('Is anybody there?')) : Promise.resolve(false)),
    useOcr: () => succeeds(ocr.read('azure', Buffer.from('%PDF-1.4'))),
    useS3: () => succeeds(s3 ? s3('of-a-user.pdf', Buffer.from('%PDF-1.4')) : Promise.reject(new Error('no bucket'))),
    useSftp: () => succeeds(sftp.upload('probe.pdf', Buffer.from('%PDF-1.4'))),
    process(document) {
      const task = randomUUID();
      busy += 1;
      void succeeds(runPipeline(tools, document, task)).then(() => (busy -= 1));
      return task;
    },
  };
  return worker;
}

/** A call takes its key and address when it starts and keeps them. */
function createAi(
  holds: (key: string) => string,
  { latencyMs, signal }: Pick<WorkerOptions, 'latencyMs' | 'signal'>,
): Ai {
  async function ask(path: string, question: object): Promise<void> {
    const access = { baseUrl: holds('openai_base_url'), key: holds('openai_api_key'), signal };
    const model = holds('openai_model');
    if (latencyMs > 0) await delay(latencyMs, undefined, { signal });
    await askOpenAi(access, path, { model, ...question });
  }
  return {
    configured: () => holds('openai_api_key') !== '',
    chat: (content) => ask('/chat/completions', { messages: [{ role: 'user', content }] }),
    embed: (input) => ask('/embeddings', { input }),
  };
}

/** Both halves of the pair are read when an upload begins. Null where there is no bucket. */
function createS3(holds: (key: string) => string, { env, signal }: Pick<WorkerOptions, 'env' | 'signal'>): Tools['s3'] {
  const [endpoint, bucket] = [env.get('aws_endpoint_url_s3'), env.get('s3_bucket_name')];
  if (endpoint === undefined || bucket === undefined) return null;
  return (name, bytes) => {
    const [id, secret] = [holds('aws_access_key_id'), holds('aws_secret_access_key')];
    return uploadTo({ endpoint, bucket, id, secret, signal }, name, bytes);
  };
}

function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}
