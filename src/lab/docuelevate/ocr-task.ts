import { celeryName, type Engine, type Job, noteOf } from './engine.js';
import { extractMetadata } from './metadata-tasks.js';
import { engines, readWithAll } from './ocr.js';
import { usualDelays } from './tasks.js';

export interface Scan {
  /** Its name in the folder of working copies. */
  readonly file: string;
  readonly id: number;
}

const text = 'What the engines read.\n';

/** Has every OCR engine read a scan. One result is enough. */
export function processWithOcr(engine: Engine, { file, id }: Scan): Job {
  return {
    name: celeryName('process_with_ocr'),
    delays: () => [120, 600, 1800],
    async run(task) {
      const note = noteOf(engine, task, id);
      await note('process_with_ocr', 'in_progress', `Starting OCR for ${file}`);
      const bytes = engine.documents.disk.get(`/workdir/tmp/${file}`) ?? Buffer.alloc(0);
      await note('run_ocr_providers', 'in_progress', `Running OCR providers: ${engines(task).join(', ')}`);
      const { read, of, errors } = await readWithAll(task, { bytes, peers: engine.peers, signal: engine.signal });
      if (read === 0) {
        await note('run_ocr_providers', 'failure', 'All OCR providers failed');
        await note('process_with_ocr', 'failure', `OCR failed for ${file}`);
        throw new Error(`All OCR providers failed for ${file}: ${errors}`);
      }
      await note('run_ocr_providers', 'success', `${read} of ${of} OCR provider(s) succeeded`);
      const disabled = 'PDF text-layer embedding is disabled; extracted OCR text remains searchable in DocuElevate';
      await note('embed_text_layer', 'skipped', disabled);
      await note('process_with_ocr', 'success', `OCR complete for ${file}`);
      if (engine.ai.configured(task))
        await engine.ai.chat(task, 'Rate this text: answer with a quality_score.').catch(() => undefined);
      engine.tasks.start(rotatePages(engine, { file, id }));
    },
  };
}

function rotatePages(engine: Engine, { file, id }: Scan): Job {
  return {
    name: celeryName('rotate_pdf_pages'),
    delays: usualDelays,
    async run(task) {
      const note = noteOf(engine, task, id);
      await note('rotate_pdf_pages', 'in_progress', `Checking page rotation for ${file}`);
      await note('rotate_pdf_pages', 'success', 'No rotation needed, proceeding to metadata extraction');
      engine.tasks.start(extractMetadata(engine, { file, id, text }));
    },
  };
}
