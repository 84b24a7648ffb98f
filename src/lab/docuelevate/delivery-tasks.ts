import { basename } from 'node:path';
import type { Destination, Ended } from './destinations.js';
import { celeryName, type Engine, type Job, type Note, noteOf, type Task } from './engine.js';
import { usualDelays } from './tasks.js';

/** Queues an upload to every configured and enabled destination. */
export function sendToAll(engine: Engine, id: number, path: string): Job {
  return {
    name: celeryName('send_to_all'),
    delays: usualDelays,
    async run(task) {
      const note = noteOf(engine, task, id);
      await note('send_to_all_destinations', 'in_progress', `Distributing: ${basename(path)}`);
      const wanted = engine.destinations.filter(({ enabled, configured }) => enabled(task) && configured(task));
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
  const { title, verbs: [begins, ends] = [`Uploading to ${title}`, `Uploaded to ${title}`] } = destination;
  const alone = again ? destination.again : undefined;
  return {
    name: celeryName(step),
    delays: usualDelays,
    async run(task) {
      const note = noteOf(engine, task, alone?.losesDocument ? null : id);
      await note(step, 'in_progress', `${begins}: ${name}`);
      const ended = await upload(engine, task, { destination, path, note, alone });
      if ('unconfigured' in ended) return note(step, 'success', 'Skipped: Not configured');
      if ('arrived' in ended) return note(step, 'success', `${ends}: ${ended.arrived}`);
      if ('skipped' in ended) return note(step, 'skipped', ended.skipped);
      for (const failure of ended.failures) await note(step, 'failure', failure);
      if (!ended.final) throw new Error(ended.failures.at(-1) ?? 'the upload ended without a result');
    },
  };
}

interface Transfer {
  readonly destination: Destination;
  readonly path: string;
  readonly note: Note;
  readonly alone: Destination['again'];
}

async function upload(
  { documents }: Engine,
  task: Task,
  { destination, path, note, alone }: Transfer,
): Promise<Ended | { readonly unconfigured: true }> {
  const name = basename(path);
  const bytes = documents.disk.get(path);
  if (!bytes) return { failures: [`File not found: ${path}`] };
  if (destination.skipsUnconfigured && !destination.configured(task)) return { unconfigured: true };
  if (alone?.fails !== undefined) return { failures: [destination.words(name, alone.fails)] };
  return destination.upload(task, { name, bytes, note });
}
