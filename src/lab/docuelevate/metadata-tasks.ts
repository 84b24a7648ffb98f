import { sendToAll } from './delivery-tasks.js';
import { celeryName, type Engine, type Job, noteOf } from './engine.js';
import { usualDelays } from './tasks.js';
import { sendToUser } from './user-delivery-tasks.js';

/** A document with its text. */
export interface Readable {
  /** Its name in the folder of working copies. */
  readonly file: string;
  readonly id: number;
  readonly text: string;
}

/** The AI's metadata, with only the fields that the lab uses. */
type Metadata = Readonly<Partial<Record<'filename' | 'language', string>>>;

/** Asks the AI for the document's metadata. A refusal ends the document here without a retry, and `call_ai_provider` stays in progress forever. */
export function extractMetadata(engine: Engine, readable: Readable): Job {
  const { ai, tasks } = engine;
  return {
    name: celeryName('extract_metadata_with_gpt'),
    delays: usualDelays,
    async run(task) {
      const note = noteOf(engine, task, readable.id);
      const step = 'extract_metadata_with_gpt';
      await note(step, 'in_progress', `Extracting metadata for ${readable.file}`);
      if (!ai.configured(task)) {
        await note(step, 'skipped', notConfigured(task.value('ai_provider'), 'continuing without extracted metadata'));
        tasks.start(embedMetadata(engine, readable, {}));
        return;
      }
      await note('call_ai_provider', 'in_progress', 'Calling AI provider API');
      try {
        const answer = await ai.chat(task, `Extract the metadata of this document as JSON. ${readable.text}`);
        await note('call_ai_provider', 'success', 'Received AI provider response');
        const json = /\{[^]*\}/.exec(answer)?.[0];
        if (json === undefined) return await note(step, 'failure', 'Invalid JSON in response');
        const metadata = JSON.parse(json) as Metadata;
        await note('parse_metadata', 'success', `Parsed metadata: ${pythonList(Object.keys(metadata))}`);
        await note(step, 'success', 'Metadata extracted, queuing embed task');
        tasks.start(embedMetadata(engine, readable, metadata));
      } catch (error) {
        await note(step, 'failure', `Exception: ${messageOf(error)}`);
      }
    },
  };
}

/** Writes the metadata into a copy for the destinations. It finishes with or without a row, and writes to the row that has the id. */
function embedMetadata(engine: Engine, { file, id, text }: Readable, metadata: Metadata): Job {
  const { documents, tasks } = engine;
  return {
    name: celeryName('embed_metadata_into_pdf'),
    delays: usualDelays,
    async run(task) {
      const note = noteOf(engine, task, id);
      const local = `/workdir/tmp/${file}`;
      await note('embed_metadata_into_pdf', 'in_progress', `Embedding metadata into ${file}`);
      const bytes = documents.disk.get(local);
      if (!bytes) return note('embed_metadata_into_pdf', 'failure', 'File not found');
      await note('modify_pdf', 'in_progress', 'Modifying PDF metadata');
      await note('modify_pdf', 'success', 'PDF metadata embedded');
      const name = freeName(engine, metadata.filename ?? file.replace(/\.\w+$/, ''));
      await note('move_to_processed', 'in_progress', `Moving to processed: ${name}.pdf`);
      const processed = `/workdir/processed/${name}.pdf`;
      documents.disk.set(processed, bytes);
      await note('move_to_processed', 'success', `Moved to: ${name}.pdf`);
      const there = documents.update(id, { processed, text });
      const { language } = metadata;
      if (there && language !== undefined) tasks.start(translate(engine, id, language));
      await note('save_metadata_json', 'in_progress', 'Saving metadata JSON');
      await note('save_metadata_json', 'success', `Saved: ${name}.json`);
      await note('embed_metadata_into_pdf', 'success', 'Metadata embedded, queuing finalization');
      tasks.start(finalize(engine, id, processed));
      documents.disk.delete(local);
    },
  };
}

function freeName({ documents }: Engine, wanted: string): string {
  const taken = (name: string): boolean => documents.disk.has(`/workdir/processed/${name}.pdf`);
  let name = wanted;
  for (let count = 1; taken(name); count++) name = `${wanted}-${String(count).padStart(4, '0')}`;
  return name;
}

function translate(engine: Engine, id: number, language: string): Job {
  return {
    name: celeryName('translate_to_default_language'),
    delays: usualDelays,
    run: (task) =>
      noteOf(engine, task, id)('translate_to_default_language', 'skipped', `Document already in ${language}`),
  };
}

function finalize(engine: Engine, id: number, path: string): Job {
  return {
    name: celeryName('finalize_document_storage'),
    delays: usualDelays,
    async run(task) {
      const note = noteOf(engine, task, id);
      await note('finalize_document_storage', 'in_progress', `Finalizing: ${path.replace(/^.*\//, '')}`);
      await note('finalize_document_storage', 'success', 'Queuing uploads to destinations');
      const owner = engine.documents.find(id)?.owner ?? null;
      const own = owner !== null && engine.integrations.destinationsOf(owner).length > 0;
      engine.tasks.start(own ? sendToUser(engine, owner, { id, path }) : sendToAll(engine, id, path));
      engine.tasks.start(computeEmbedding(engine, id));
    },
  };
}

/** Works on the row that has the id. Without a row, its line stays in progress forever. A failure ends it without a retry. */
function computeEmbedding(engine: Engine, id: number): Job {
  const { documents, ai } = engine;
  return {
    name: 'compute_document_embedding',
    delays: usualDelays,
    async run(task) {
      const note = noteOf(engine, task, id);
      const step = 'compute_embedding';
      await note(step, 'in_progress', `Computing text embedding for file ${id}`);
      const file = documents.find(id);
      if (!file) return;
      if (file.embedded) return note(step, 'success', 'Embedding already cached');
      if (!file.text?.trim()) return note(step, 'skipped', 'No OCR text available');
      if (!ai.configured(task))
        return note(step, 'skipped', notConfigured(task.value('ai_provider'), 'embedding skipped'));
      const dimensions = await ai.embed(task, file.text).catch(() => null);
      const kept = dimensions !== null && documents.update(id, { embedded: true });
      if (!kept) return note(step, 'failure', 'Embedding computation returned None');
      await note(step, 'success', `Embedding computed (${dimensions} dimensions)`);
    },
  };
}

function notConfigured(provider: string, then: string): string {
  return `AI provider '${provider}' is not configured; ${then}`;
}

function pythonList(names: readonly string[]): string {
  return `[${names.map((name) => `'${name}'`).join(', ')}]`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
