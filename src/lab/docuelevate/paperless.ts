import { setTimeout as delay } from 'node:timers/promises';
import { hasAll, reasonOf } from './delivery.js';
import type { Destination, DestinationOptions, Ended, Upload } from './destinations.js';
import type { Task } from './tasks.js';

const [mostPolls, pollEveryMs] = [10, 5]; // the real engine waits 3 seconds

/**
 * Posts the document, then polls its task. A user who may not read the task, or who gets another answer format, polls in vain, and no log
 * line shows it.
 */
export function paperless({ signal }: DestinationOptions): Destination {
  return {
    name: 'paperless',
    title: 'Paperless',
    configured: (task) => hasAll(task, ['paperless_host', 'paperless_ngx_api_token']),
    async upload(task, upload) {
      const { note } = upload;
      await note('post_document', 'in_progress', 'Posting to Paperless API');
      const posted = await post(task, upload, signal).catch((error: unknown) => ({ failure: reasonOf(error) }));
      if ('failure' in posted) return { failures: [`Failed to upload to Paperless: ${posted.failure}`] };
      await note('post_document', 'success', `Task ID: ${posted.id}`);
      await note('poll_task', 'in_progress', 'Waiting for Paperless processing');
      return poll(task, posted.id, signal);
    },
  };
}

async function post(task: Task, { name, bytes }: Upload, signal: AbortSignal): Promise<{ id: string }> {
  const body = new FormData();
  body.append('document', new File([new Uint8Array(bytes)], name, { type: 'application/pdf' }));
  body.append('title', name);
  const url = `${hostOf(task)}/api/documents/post_document/`;
  const response = await fetch(url, { method: 'POST', headers: headersOf(task), body, signal });
  const text = await response.text();
  if (response.ok) return { id: text.trim().replaceAll(/^"|"$/g, '') };
  const whose = response.status < 500 ? 'Client' : 'Server';
  throw new Error(`${response.status} ${whose} Error: ${response.statusText} for url: ${url}`);
}

interface PaperlessTask {
  readonly status: string;
  readonly related_document?: string | null;
  readonly result?: string | null;
}

/** A document whose result never shows ends without a log line. */
async function poll(task: Task, id: string, signal: AbortSignal): Promise<Ended> {
  for (let polls = 0; polls < mostPolls; polls++) {
    const ended = endOfTask(await readTask(task, id, signal));
    if (ended) return ended;
    await delay(pollEveryMs, undefined, { signal });
  }
  return { failures: [] };
}

function endOfTask(seen: PaperlessTask | undefined): Ended | null {
  if (seen?.status === 'SUCCESS' && seen.related_document) return { arrived: `Doc ID ${seen.related_document}` };
  if (seen?.status !== 'FAILURE') return null;
  const isTwin = ['duplicate', 'not consuming'].every((words) => seen.result?.toLowerCase().includes(words));
  return isTwin ? { skipped: 'Duplicate document detected by Paperless - skipping' } : { failures: [] };
}

async function readTask(task: Task, id: string, signal: AbortSignal): Promise<PaperlessTask | undefined> {
  const url = `${hostOf(task)}/api/tasks/?task_id=${id}`;
  const response = await fetch(url, { headers: headersOf(task), signal }).catch(() => null);
  if (!response?.ok) return undefined;
  const found = (await response.json()) as PaperlessTask[] | { results: PaperlessTask[] };
  return (Array.isArray(found) ? found : found.results)[0];
}

function hostOf(task: Task): string {
  return task.value('paperless_host').replace(/\/+$/, '');
}

function headersOf(task: Task): Record<string, string> {
  return { authorization: `Token ${task.value('paperless_ngx_api_token')}` };
}
