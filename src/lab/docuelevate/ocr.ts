import { analyze } from './azure.js';
import type { Task } from './tasks.js';

/** The enabled OCR engines, in order. */
export function engines(task: Task): string[] {
  const names = task.value('ocr_providers').split(',');
  return names.map((name) => name.trim()).filter((name) => name !== '');
}

/** Throws when this engine cannot read the document. */
export async function readWith(task: Task, engine: string, { bytes, signal }: { bytes: Buffer; signal: AbortSignal }) {
  if (engine === 'tesseract') return; // runs on the worker itself and needs no credential
  if (engine !== 'azure') throw new Error(`${engine} is not set up`);
  const [endpoint, key] = [task.value('azure_endpoint'), task.value('azure_ai_key')];
  if (key === '') throw new Error('AZURE_AI_KEY must be set when using the Azure OCR provider.');
  if (endpoint === '') throw new Error('AZURE_ENDPOINT must be set when using the Azure OCR provider.');
  await analyze({ endpoint, key, signal }, bytes);
}

/** Runs every engine. One result is enough: only the worker's own log shows why the others failed. */
export async function readWithAll(task: Task, bytes: Buffer, signal: AbortSignal) {
  const names = engines(task);
  const errors: string[] = [];
  for (const name of names)
    await readWith(task, name, { bytes, signal }).catch((error: unknown) => errors.push(`${name}: ${String(error)}`));
  return { read: names.length - errors.length, of: names.length, errors: errors.join('; ') };
}
