import { analyze } from './azure.js';
import { peerAt, type Peers } from './peers.js';
import type { Task } from './tasks.js';

/** The enabled OCR engines, in order. */
export function engines(task: Task): string[] {
  const names = task.value('ocr_providers').split(',');
  return names.map((name) => name.trim()).filter((name) => name !== '');
}

export interface Scan {
  readonly bytes: Buffer;
  readonly peers: Peers;
  readonly signal: AbortSignal;
}

/** OCR services without a lab of their own: the host, and the setting with the key. */
const services: Readonly<Record<string, readonly [host: string, key: string]>> = {
  mistral: ['api.mistral.ai', 'mistral_api_key'],
  google_docai: ['documentai.googleapis.com', 'google_docai_credentials_json'],
};

/** Throws when this engine cannot read the document. */
export async function readWith({ value }: Task, engine: string, { bytes, peers, signal }: Scan): Promise<void> {
  if (engine === 'tesseract') return; // runs on the worker itself and needs no credential
  const [host, setting] = services[engine] ?? [];
  if (host !== undefined && setting !== undefined) {
    const refusal = await peerAt(peers, host).logIn({ key: value(setting) });
    if (refusal !== null) throw new Error(refusal);
    return;
  }
  if (engine !== 'azure') throw new Error(`${engine} is not set up`);
  const [endpoint, key] = [value('azure_endpoint'), value('azure_ai_key')];
  if (key === '') throw new Error('AZURE_AI_KEY must be set when using the Azure OCR provider.');
  if (endpoint === '') throw new Error('AZURE_ENDPOINT must be set when using the Azure OCR provider.');
  await analyze({ endpoint, key, signal }, bytes);
}

/** Runs every engine. One result is enough: only the worker's own log shows why the others failed. */
export async function readWithAll(task: Task, scan: Scan) {
  const names = engines(task);
  const errors: string[] = [];
  for (const name of names)
    await readWith(task, name, scan).catch((error: unknown) => errors.push(`${name}: ${String(error)}`));
  return { read: names.length - errors.length, of: names.length, errors: errors.join('; ') };
}
