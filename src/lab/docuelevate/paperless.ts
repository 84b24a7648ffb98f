import { setTimeout as delay } from 'node:timers/promises';
import type { Answered, DestinationRow, Sending } from './destinations.js';

const [mostPolls, pollEveryMs] = [10, 5]; // the real engine waits 3 seconds

/**
 * Posts the document, then polls its task. A user who may not read the task, or who gets another answer format, polls in vain, and no log
 * line shows it.
 */
export const paperless: DestinationRow = {
  name: 'paperless',
  title: 'Paperless',
  needs: ['paperless_host', 'paperless_ngx_api_token'],
  words: (_, why) => `Failed to upload to Paperless: ${why}`,
  async upload(sending) {
    const { note } = sending;
    await note('post_document', 'in_progress', 'Posting to Paperless API');
    const id = await post(sending);
    await note('post_document', 'success', `Task ID: ${id}`);
    await note('poll_task', 'in_progress', 'Waiting for Paperless processing');
    for (let polls = 0; polls < mostPolls; polls++) {
      const ended = endOf(await readTask(sending, id));
      if (ended) return ended;
      await delay(pollEveryMs, undefined, { signal: sending.signal });
    }
    return { lost: true };
  },
};

async function post(sending: Sending): Promise<string> {
  const { name, bytes } = sending;
  const body = new FormData();
  body.append('document', new File([new Uint8Array(bytes)], name, { type: 'application/pdf' }));
  body.append('title', name);
  const response = await ask(sending, 'documents/post_document/', { method: 'POST', body });
  const text = await response.text();
  if (response.ok) return text.trim().replaceAll(/^"|"$/g, '');
  const whose = response.status < 500 ? 'Client' : 'Server';
  throw new Error(`${response.status} ${whose} Error: ${response.statusText} for url: ${response.url}`);
}

interface PaperlessTask {
  readonly status: string;
  readonly related_document?: string | null;
  readonly result?: string | null;
}

async function readTask(sending: Sending, id: string): Promise<PaperlessTask | undefined> {
  const response = await ask(sending, `tasks/?task_id=${id}`).catch(() => null);
  if (!response?.ok) return undefined;
  const found = (await response.json()) as PaperlessTask[] | { results: PaperlessTask[] };
  return (Array.isArray(found) ? found : found.results)[0];
}

function endOf(seen: PaperlessTask | undefined): Answered | null {
  if (seen?.status === 'SUCCESS' && seen.related_document) return { arrived: `Doc ID ${seen.related_document}` };
  if (seen?.status !== 'FAILURE') return null;
  const isTwin = ['duplicate', 'not consuming'].every((words) => seen.result?.toLowerCase().includes(words));
  return isTwin ? { skipped: 'Duplicate document detected by Paperless - skipping' } : { lost: true };
}

function ask({ setting, signal }: Sending, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: `Token ${setting('paperless_ngx_api_token')}` };
  return fetch(`${setting('paperless_host').replace(/\/+$/, '')}/api/${path}`, { ...init, headers, signal });
}
