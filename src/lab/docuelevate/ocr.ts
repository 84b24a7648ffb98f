import { analyze } from './azure.js';

/** The OCR engines that are switched on, each with the values the worker holds at the moment. */
export interface Ocr {
  /** Of `ocr_providers`, in order. */
  engines(): string[];
  /** Throws when this engine cannot read the document. */
  read(engine: string, bytes: Buffer): Promise<void>;
}

export function createOcr(holds: (key: string) => string, signal: AbortSignal): Ocr {
  return {
    engines: () =>
      (holds('ocr_providers') || 'azure')
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
    async read(engine, bytes) {
      if (engine === 'tesseract') return; // runs on the worker itself and needs no credential
      if (engine !== 'azure') throw new Error(`${engine} is not set up`);
      const [endpoint, key] = [holds('azure_endpoint'), holds('azure_ai_key')];
      if (key === '') throw new Error('AZURE_AI_KEY must be set when using the Azure OCR provider.');
      if (endpoint === '') throw new Error('AZURE_ENDPOINT must be set when using the Azure OCR provider.');
      await analyze({ endpoint, key, signal }, bytes);
    },
  };
}

/** Runs every engine. One result is enough: what the others failed for is told to nobody but the worker's own log. */
export async function readWithAll(ocr: Ocr, bytes: Buffer): Promise<{ read: number; of: number; errors: string }> {
  const engines = ocr.engines();
  const errors: string[] = [];
  for (const engine of engines)
    await ocr.read(engine, bytes).catch((error: unknown) => errors.push(`${engine}: ${String(error)}`));
  return { read: engines.length - errors.length, of: engines.length, errors: errors.join('; ') };
}
