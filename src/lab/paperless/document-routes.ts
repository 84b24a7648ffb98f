import { randomUUID } from 'node:crypto';
import type { Answer, Incoming } from '../routes.js';
import { detail, forbidden, html, may, ok, type Release } from './answers.js';
import type { Document, PaperlessState, User } from './state.js';

/** The processing of one upload. It advances one step at each poll. */
interface Task {
  readonly id: number;
  readonly uuid: string;
  readonly file: string;
  readonly type: string;
  readonly title: string | null;
  readonly owner: number;
  readonly created: string;
  /** Null for a refused duplicate. */
  readonly document: Document | null;
  readonly twin: Document | undefined;
  polls: number;
}

export interface DocumentRoutes {
  post(user: User, request: Incoming): Promise<Answer>;
  /** By the version of the API. */
  tasks(user: User, asked: { readonly request: Incoming; readonly version: number }): Answer;
  remove(user: User, request: Incoming): Answer;
}

/** Release 2 refuses duplicates; release 3 accepts them. */
export function createDocumentRoutes(state: PaperlessState, release: Release): DocumentRoutes {
  const tasks: Task[] = [];
  return {
    async post(user, request) {
      if (!may(user, 'add_document')) return { status: 403, headers: html, body: 'Insufficient permissions' };
      const upload = await uploadOf(request);
      if ('status' in upload) return upload;
      state.arrivals.push({ value: tokenIn(state, request), content: upload.content, at: Date.now() });
      const twin = state.documents.find((each) => each.content.equals(upload.content));
      const refused = twin !== undefined && !release.versions.includes(10);
      const document = refused ? null : keep(state, user, upload);
      const created = new Date(state.clock()).toISOString().replace('Z', '000Z');
      const task = { id: tasks.length + 2, uuid: randomUUID(), ...upload, owner: user.id, created };
      tasks.push({ ...task, document, twin, polls: 0 });
      return ok(task.uuid);
    },
    tasks(user, { request: { query }, version }) {
      if (!may(user, 'view_paperlesstask')) return forbidden;
      const asked = tasks.filter((each) => each.uuid === query.get('task_id'));
      const found = asked.filter(({ owner }) => user.superuser || owner === user.id);
      const views = found.map((task) => (version < 10 ? olderView(task, task.polls++) : view(task, task.polls++)));
      return ok(version < 10 ? views : { count: views.length, next: null, previous: null, results: views });
    },
    remove(user, { params }) {
      if (!may(user, 'delete_document')) return forbidden;
      const at = state.documents.findIndex(({ id }) => String(id) === params.id);
      if (at < 0) return detail(404, 'No Document matches the given query.');
      state.documents.splice(at, 1);
      return { status: 204 };
    },
  };
}

function tokenIn({ tokens }: PaperlessState, { headers }: Incoming): string | null {
  return tokens.find(({ value }) => headers.authorization?.endsWith(value))?.value ?? null;
}

interface Upload {
  readonly file: string;
  readonly type: string;
  readonly title: string | null;
  readonly content: Buffer;
}

function keep({ documents }: PaperlessState, user: User, { title, file, content }: Upload): Document {
  const id = Math.max(1, ...documents.map((each) => each.id)) + 1;
  const document = { id, title: title ?? file, owner: user.id, content };
  documents.push(document);
  return document;
}

async function uploadOf(request: Incoming): Promise<Upload | Answer> {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';');
  if (type !== 'multipart/form-data') return detail(415, `Unsupported media type "${type}" in request.`);
  const form = await formOf(request);
  const [file, title, tag] = ['document', 'title', 'tags'].map((name) => form.get(name));
  if (!(file instanceof File)) return { status: 400, body: { document: ['No file was submitted.'] } };
  if (file.size === 0) return { status: 400, body: { document: ['The submitted file is empty.'] } };
  if (typeof tag === 'string') return { status: 400, body: { tags: [`Invalid pk "${tag}" - object does not exist.`] } };
  const content = Buffer.from(await file.arrayBuffer());
  return { file: file.name, type: file.type, title: typeof title === 'string' ? title : null, content };
}

function formOf({ headers, body }: Incoming): Promise<FormData> {
  const type = headers['content-type'] ?? '';
  const response = new Response(new Uint8Array(body), { headers: { 'content-type': type } });
  return response.formData().catch(() => new FormData());
}

const stages = ['pending', 'started'] as const;

function statusOf({ document }: Task, polls: number): string {
  return stages[polls] ?? (document ? 'success' : 'failure');
}

function view(task: Task, polls: number): object {
  const { id, uuid, file, type, title, owner, created, document } = task;
  const status = statusOf(task, polls);
  const [begun, done] = [polls > 0, polls > 1];
  const overrides = { filename: file, ...(title !== null && { title }), owner_id: owner, skip_asn_if_exists: false };
  return {
    ...{ id, task_id: uuid, task_type: 'consume_file', task_type_display: 'Consume File' },
    ...{ trigger_source: 'api_upload', trigger_source_display: 'API Upload' },
    ...{ status, status_display: status.replace(/^./, (letter) => letter.toUpperCase()) },
    ...{ date_created: created, date_started: begun ? created : null, date_done: done ? created : null },
    ...{ duration_seconds: done ? 0.5 : null, wait_time_seconds: done ? 0.01 : null },
    input_data: { filename: file, mime_type: type, overrides },
    result_data: done && document ? { document_id: document.id } : null,
    related_document_ids: done && document ? [document.id] : [],
    ...{ acknowledged: false, owner },
  };
}

/** The format before version 10. */
function olderView(task: Task, polls: number): object {
  const { id, uuid, file, owner, created, document, twin } = task;
  const done = polls > 1;
  const refusal = `${file}: Not consuming ${file}: It is a duplicate of ${twin?.title} (#${twin?.id}).`;
  const result = document ? `Success. New document id ${document.id} created` : refusal;
  return {
    ...{ id, task_id: uuid, task_name: 'consume_file', task_file_name: file, type: 'manual_task' },
    ...{ status: statusOf(task, polls).toUpperCase(), date_created: created, date_done: done ? created : null },
    ...{ result: done ? result : null, acknowledged: false },
    ...{ related_document: done && document ? String(document.id) : null, duplicate_documents: [], owner },
  };
}
