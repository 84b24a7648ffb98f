import { randomUUID } from 'node:crypto';
import type { ComingLine } from '../lab/docuelevate/engine.js';
import type { DocuElevateLab, LabFile } from '../lab/docuelevate/server.js';
import { bystander } from '../lab/server.js';
import type { Documents } from './fixture.js';
import { until } from './sandbox.js';

const workerMs = 10_000; // a document takes a tenth of a second, on a busy machine longer
// longer than a check looks at a document that seems to have ended, shorter than it waits for one that does not move
const heldMs = 2_500;

/** Simulated systems in which somebody's document is held back; each can hold one. */
const holding = new WeakSet<DocuElevateLab>();

/**
 * Somebody's document goes through and is deleted, and another one is deleted in the middle. The tasks of that one go
 * on under an id that the next document is given. They say that it is through before it has come far. Happens once for
 * each simulated system.
 */
export async function leaveLines(documents: Documents): Promise<void> {
  const { lab } = documents;
  if (holding.has(lab)) return;
  holding.add(lab);
  await goThrough(documents);
  const [held, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  lab.beforeLine = async ({ step: at, status }) => {
    if (at !== 'process_document' || status !== 'success') return;
    held.resolve();
    await gate.promise;
  };
  const { id, task } = await handIn(documents);
  await held.promise;
  if (await remove(lab, id)) lab.beforeLine = pushAhead({ id, task, letGo: gate.resolve });
  else gate.resolve(); // its row cannot go, so no document is given its id
}

/**
 * Somebody's document goes through, and is deleted as soon as it was taken. The rest of its log lines come under an id
 * that is free by then.
 */
export async function goThrough(documents: Documents): Promise<void> {
  const { id, about } = await handIn(documents);
  await until("somebody's document goes through", () => documents.taken(about).length > 0, workerMs);
  await remove(documents.lab, id);
}

/** Somebody's document fails and is deleted. The next document is given its id. */
export async function leaveFailure(documents: Documents): Promise<void> {
  const { lab, step } = documents;
  const { id } = await handIn(documents, (about) => documents.failOne(about));
  await until("somebody's document fails", () => stepOf(lab, id, step) === 'failure', workerMs);
  await remove(lab, id);
}

interface Ahead {
  readonly id: number;
  /** The intake task of the document that was deleted. */
  readonly task: string;
  readonly letGo: () => void;
}

/** Keeps the next document with this id waiting, as in a long queue, while the one before it logs its success. */
function pushAhead({ id, task: former, letGo }: Ahead): DocuElevateLab['beforeLine'] {
  const turn = Promise.withResolvers<void>();
  let heir: string | null = null;
  return async ({ task, file, step: at }: ComingLine) => {
    if (file !== id) return;
    if (task === heir) return turn.promise;
    if (heir === null && task !== former && at === 'create_file_record') {
      heir = task;
      letGo();
      setTimeout(turn.resolve, heldMs).unref();
    }
  };
}

/** Somebody's document, as the engine knows it. */
interface Handed {
  readonly id: number;
  readonly task: string;
  /** What its content holds, and no other document's. */
  readonly about: string;
}

async function handIn({ lab, write }: Documents, expect: (about: string) => void = () => undefined): Promise<Handed> {
  const about = randomUUID();
  expect(about);
  const name = `of-somebody-${about}.pdf`;
  const form = new FormData();
  form.set('file', new File([new Uint8Array(write(about))], name, { type: 'application/pdf' }));
  form.set('idempotency_key', name);
  form.set('source', 'somebody');
  const response = await ask(lab, '/api/intake/documents', { method: 'POST', body: form });
  const { task_id: task } = (await response.json()) as { task_id: string };
  const find = (): LabFile | undefined => lab.files().find((file) => file.name === name);
  await until("somebody's document is there", () => find() !== undefined, workerMs);
  return { id: find()?.id ?? 0, task, about };
}

function stepOf(lab: DocuElevateLab, id: number, step: string): string | undefined {
  const steps = lab.files().find((file) => file.id === id)?.steps ?? [];
  return steps.find(({ name }) => name === step)?.status;
}

async function remove(lab: DocuElevateLab, id: number): Promise<boolean> {
  return (await ask(lab, `/api/files/${id}`, { method: 'DELETE' })).ok;
}

function ask({ url, apiToken }: DocuElevateLab, path: string, init: RequestInit): Promise<Response> {
  const headers = { authorization: `Bearer ${apiToken}`, ...bystander };
  return fetch(url + path, { ...init, headers });
}
