import type { Dispatcher } from 'undici';
import { pathOf } from '../shared/endpoints.js';
import { OutsideError } from '../shared/outside-error.js';
import { propagating } from '../shared/failures.js';
import { endpoints } from './requests.js';
import {
  type AuditEvent,
  AuditEvents,
  type Change,
  ConnectionTested,
  type EngineCredential,
  EngineCredentials,
  Files,
  History,
  ProcessedFile,
  QueueStats,
  type SettingChange,
  SettingChanges,
  ShownSetting,
  TakenIn,
  SubtaskQueued,
  TaskLog,
  Visitor,
  WrittenSetting,
} from './schemas.js';
import type { Session } from './session.js';
import type { TestDocument } from './test-document.js';

const mostEntries = 500; // the API's maximum
const filesOfPage = 100; // more than fail in a gap of a second
const uploadPauseMs = 20_000; // 20 uploads a minute are allowed; the engine drops the answer's Retry-After

/** A document, as in the log of its intake. */
export interface TaskFile {
  readonly id: number;
  /** Id of its first log line: earlier lines under its id belong to earlier documents. */
  readonly since: number;
}

/** Client of DocuElevate's API, as the admin user. */
export class DocuElevateClient {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Whether the client's own user made a change. The engine compares user names without case. */
  readonly isOurs = ({ changed_by }: Change): boolean =>
    changed_by?.toLowerCase() === this.#session.username.toLowerCase();

  async isAdmin(): Promise<boolean> {
    const answer = await this.#get('whoAmI', endpoints.whoAmI.path);
    return answer.json(Visitor).is_admin === true;
  }

  /** Every sensitive setting of the engine, set or not. */
  async credentials(): Promise<EngineCredential[]> {
    const answer = await this.#get('listCredentials', endpoints.listCredentials.path);
    return answer.json(EngineCredentials).credentials;
  }

  /** The setting as shown by the process that serves this connection, masked when it is sensitive. */
  async shownValue(key: string, connection?: Dispatcher): Promise<string | null> {
    const { method, path } = { ...endpoints.showSetting, path: pathOf(endpoints.showSetting, { key }) };
    const via = connection && { dispatcher: connection };
    const answer = await this.#session.send({ operation: 'showSetting', method, path, ...via });
    return answer.json(ShownSetting).value ?? null;
  }

  /** Every change of a setting, newest first. */
  async changes(key: string): Promise<Change[]> {
    const answer = await this.#get('listChanges', pathOf(endpoints.listChanges, { key }));
    return answer.json(History).history.sort((a, b) => b.id - a.id);
  }

  /** The newest audit events, such as logins, since a time (naive UTC, in the engine's format), at most 500. */
  async events(since: string): Promise<AuditEvent[]> {
    const query = `?limit=${mostEntries}&since=${encodeURIComponent(since)}`;
    const answer = await this.#get('listEvents', `${endpoints.listEvents.path}${query}`);
    return answer.json(AuditEvents).items;
  }

  /** The newest changes of all settings, at most 500. */
  async allChanges(): Promise<SettingChange[]> {
    const answer = await this.#get('listAllChanges', `${endpoints.listAllChanges.path}?limit=${mostEntries}`);
    return answer.json(SettingChanges).entries;
  }

  /** Writes a setting exactly as given. Returns the value that the engine shows for it. */
  async writeSetting(key: string, value: string, connection?: Dispatcher): Promise<string | null> {
    const answer = await this.#session.send({
      ...(connection && { dispatcher: connection }),
      operation: 'writeSetting',
      method: endpoints.writeSetting.method,
      path: pathOf(endpoints.writeSetting, { key }),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key, value }),
    });
    return answer.json(WrittenSetting).value ?? null;
  }

  /** Undoes one change of a setting by writing the earlier value again. False when the engine cannot, for instance for an empty value. */
  async rollBack(key: string, change: number): Promise<boolean> {
    const { status } = await this.#session.send({
      operation: 'rollBack',
      method: endpoints.rollBack.method,
      path: pathOf(endpoints.rollBack, { key, change }),
      allow: [404],
    });
    return status !== 404;
  }

  /** Whether the engine's own test of a service succeeds. The engine answers no other request meanwhile. */
  async testConnection(service: string): Promise<boolean> {
    const answer = await this.#get('testConnection', pathOf(endpoints.testConnection, { service }));
    return answer.json(ConnectionTested).status === 'success';
  }

  async workersOnline(): Promise<number> {
    const answer = await this.#get('showQueue', endpoints.showQueue.path);
    return answer.json(QueueStats).celery.workers_online;
  }

  /** Uploads a document. A repeated idempotency key is answered with the result of the first upload. */
  async takeIn({ name, idempotencyKey, bytes }: TestDocument): Promise<TakenIn> {
    const form = new FormData();
    form.set('file', new File([new Uint8Array(bytes)], name, { type: 'application/pdf' }));
    form.set('source', 'keyturn');
    form.set('idempotency_key', idempotencyKey);
    const { method, path } = endpoints.takeIn;
    try {
      return (await this.#session.send({ operation: 'takeIn', method, path, body: form })).json(TakenIn);
    } catch (error) {
      if (!(error instanceof OutsideError) || error.status !== 429) throw error;
      throw propagating('DocuElevate limits uploads; waiting for the next slot', error.retryAfterMs ?? uploadPauseMs);
    }
  }

  /** The document that a task works on. Undefined until it has one. */
  async fileOf(task: string): Promise<TaskFile | undefined> {
    const lines = await this.linesOf(task);
    const known = lines.filter(({ file_id }) => typeof file_id === 'number');
    const id = known[0]?.file_id ?? undefined;
    if (id === undefined) return undefined;
    const created = lines.filter(({ step_name }) => step_name === 'create_file_record'); // a duplicate has none
    return { id, since: Math.min(...[...known, ...created].map((line) => line.id)) };
  }

  /** Repeats one step of a finished document. Returns its task. Null when the engine has no copy of the document. */
  async retrySubtask(file: number, step: string): Promise<string | null> {
    const answer = await this.#session.send({
      operation: 'retrySubtask',
      method: endpoints.retrySubtask.method,
      path: `${pathOf(endpoints.retrySubtask, { file })}?subtask_name=${step}`,
      allow: [400, 404],
    });
    return answer.status === 200 ? answer.json(SubtaskQueued).task_id : null;
  }

  /** The log lines of a task so far. */
  async linesOf(task: string): Promise<TaskLog['logs']> {
    const answer = await this.#get('showTask', pathOf(endpoints.showTask, { task }), [404]);
    return answer.status === 404 ? [] : answer.json(TaskLog).logs;
  }

  /** Ids of the newest documents with a failed step. */
  async filesInTrouble(): Promise<number[]> {
    const answer = await this.#get('listFiles', `${endpoints.listFiles.path}?page=1&per_page=${filesOfPage}`);
    const { files } = answer.json(Files);
    return files.filter(({ processing_status }) => processing_status.has_errors === true).map(({ id }) => id);
  }

  /** Ids of the newest documents. */
  async newestFiles(most: number): Promise<number[]> {
    const answer = await this.#get('listFiles', `${endpoints.listFiles.path}?page=1&per_page=${most}`);
    return answer.json(Files).files.map(({ id }) => id);
  }

  async file(file: number): Promise<ProcessedFile | null> {
    const answer = await this.#get('showFile', pathOf(endpoints.showFile, { file }), [404]);
    return answer.status === 404 ? null : answer.json(ProcessedFile);
  }

  /**
   * False when the engine cannot delete it:
   * - deletion is disabled
   * - the document has a legal hold
   * - the engine runs on PostgreSQL, where every deletion violates a foreign key and is answered with 500
   */
  async deleteFile(file: number): Promise<boolean> {
    const { status } = await this.#session.send({
      operation: 'deleteFile',
      method: endpoints.deleteFile.method,
      path: pathOf(endpoints.deleteFile, { file }),
      allow: [403, 404, 409, 500],
    });
    return status === 200 || status === 404;
  }

  #get(operation: string, path: string, allow: readonly number[] = []) {
    return this.#session.send({ operation, method: 'GET', path, allow });
  }
}
