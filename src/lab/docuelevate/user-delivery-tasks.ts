import { basename } from 'node:path';
import { celeryName, type Engine, type Job, noteOf, type Task } from './engine.js';
import type { Integration } from './integrations.js';
import { usualDelays } from './tasks.js';
import { putFile } from './webdav.js';

export interface Delivery {
  readonly id: number;
  readonly path: string;
}

/** Queues an upload to every destination of the document's owner, instead of the engine's own destinations. */
export function sendToUser(engine: Engine, owner: string, delivery: Delivery): Job {
  return {
    name: celeryName('send_to_all'),
    delays: usualDelays,
    async run(task) {
      const note = noteOf(engine, task, delivery.id);
      const step = 'send_to_user_destinations';
      await note(step, 'in_progress', `Distributing ${basename(delivery.path)} to user integrations`);
      const wanted = engine.integrations.destinationsOf(owner);
      for (const { id, integration_type, name } of wanted) {
        const [queue, words] = [`queue_user_integration_${id}`, `upload to ${integration_type} '${name}'`];
        await note(queue, 'in_progress', `Queueing ${words}`);
        engine.tasks.start(uploadToIntegration(engine, id, { owner, ...delivery }));
        await note(queue, 'success', `Queued ${words}`);
      }
      await note(step, 'success', `Queued ${wanted.length} user-integration upload(s)`);
    },
  };
}

/** Uses the row's configuration and credentials at the time of the run. */
function uploadToIntegration(engine: Engine, id: number, { owner, ...file }: Delivery & { owner: string }): Job {
  const step = `upload_to_user_integration_${id}`;
  const name = basename(file.path);
  return {
    name: celeryName('upload_to_user_integration'),
    delays: usualDelays,
    async run(task: Task) {
      const note = noteOf(engine, task, file.id);
      await note(step, 'in_progress', `Uploading ${name} to integration ${id}`);
      const row = engine.integrations.destinationsOf(owner).find((each) => each.id === id);
      if (!row) return note(step, 'skipped', `Integration ${id} is not there any more`);
      const failure = await upload(engine, row, file.path);
      engine.integrations.used(id, failure);
      const place = `${row.integration_type} '${row.name}'`;
      if (failure === null) return note(step, 'success', `Uploaded to ${place}: ${name}`);
      await note(step, 'failure', `Upload to ${place} failed: ${failure}`);
      throw new Error(failure);
    },
  };
}

/** Returns the error, with the first 200 characters of the server's answer; null on success. Only WebDAV is simulated. */
async function upload({ documents, signal }: Engine, row: Integration, path: string): Promise<string | null> {
  const bytes = documents.disk.get(path);
  if (!bytes) return `File not found: ${path}`;
  const [{ url, folder }, { username, password }] = [row.config ?? {}, row.credentials ?? {}] as [Texts, Texts];
  if (row.integration_type !== 'WEBDAV' || !url) return `${row.integration_type} is not simulated`;
  const account = {
    url: `${url.replace(/\/+$/, '')}/`,
    folder: folder ?? '',
    username: username ?? '',
    password: password ?? '',
  };
  const { status, text } = await putFile(account, { name: basename(path), bytes, signal });
  return [200, 201, 204].includes(status) ? null : `WebDAV upload failed: ${status} ${text.slice(0, 200)}`;
}

type Texts = Readonly<Record<string, string | undefined>>;
