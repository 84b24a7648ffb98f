import { basename } from 'node:path';
import type { Destination, ScriptedDestination } from './destinations.js';
import { celeryName, type Engine, type Job, type Note, noteOf } from './engine.js';
import { usualDelays } from './tasks.js';

/** Queues an upload to every configured and enabled destination. */
export function sendToAll(engine: Engine, id: number, path: string): Job {
  return {
    name: celeryName('send_to_all'),
    delays: usualDelays,
    async run(task) {
      const note = noteOf(engine, task, id);
      await note('send_to_all_destinations', 'in_progress', `Distributing: ${basename(path)}`);
      const wanted = engine.destinations.filter(
        ({ name, configured }) => task.value(`${name}_enabled`) !== 'false' && configured(task),
      );
      for (const destination of wanted) {
        await note(`queue_${destination.name}`, 'in_progress', `Queueing upload to ${destination.name}`);
        engine.tasks.start(uploadTo(engine, destination, { id, path }));
        await note(`queue_${destination.name}`, 'success', `Queued for ${destination.name}`);
      }
      await note('send_to_all_destinations', 'success', `Queued ${wanted.length} uploads`);
    },
  };
}

/** One document to upload; `again` when this single upload was requested. */
export interface Delivery {
  readonly id: number;
  readonly path: string;
  readonly again?: boolean;
}

/** One upload, retried three times when it fails. Nothing records that the retries are exhausted. */
export function uploadTo(engine: Engine, destination: Destination, { id, path, again = false }: Delivery): Job {
  const step = `upload_to_${destination.name}`;
  const name = basename(path);
  return {
    name: celeryName(step),
    delays: usualDelays,
    async run(task) {
      const { script } = destination;
      const note = noteOf(engine, task, again && script?.losesDocument ? null : id);
      if (script) return play(script.lines(name), note);
      await note(step, 'in_progress', `Uploading to ${destination.title}: ${name}`);
      const bytes = engine.documents.disk.get(path);
      const ended = bytes
        ? await destination.upload(task, { name, bytes, note })
        : { failures: [`File not found: ${path}`] };
      if ('arrived' in ended) return note(step, 'success', `Uploaded to ${destination.title}: ${ended.arrived}`);
      if ('skipped' in ended) return note(step, 'skipped', ended.skipped);
      for (const failure of ended.failures) await note(step, 'failure', failure);
      throw new Error(ended.failures.at(-1) ?? 'the upload ended without a result');
    },
  };
}

async function play(lines: ReturnType<ScriptedDestination['lines']>, note: Note): Promise<void> {
  for (const { step, status, message } of lines) await note(step, status, message);
  if (lines.at(-1)?.status === 'failure') throw new Error(lines.at(-1)?.message);
}
