import type { Dispatcher } from 'undici';
import { OutsideError } from '../shared/outside-error.js';
import { propagating } from '../shared/failures.js';
import { requestTo } from './endpoints.js';
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

const firstCheck = 'app.tasks.check_credentials.check_credentials';
const firstCheckMs = 10_000; // a worker checks its credentials so long after its start

/** The engine's workers. */
export interface Workers {
  readonly online: number;
  /**
   * Starts of workers within the last 10 seconds, in Unix ms by our clock. Nothing else that the engine shows tells when a process
   * was started.
   */
  readonly startedAt: readonly number[];
}

/** A document, as in the log of its intake. */
export interface TaskFile {
  readonly id: number;
  /** Id of its first log line: earlier lines under its id belong to earlier documents. */
  readonly since: number;
}

const sameClockMs = 2_000; // an answer is dated to the second, and takes a moment to arrive

/** Milliseconds that our clock is ahead of the engine's, whose answer just arrived. 0 where they cannot be told apart. */
function aheadOf(providerTime: number | undefined): number {
  const aheadMs = providerTime === undefined ? 0 : Date.now() - providerTime * 1000;
  return aheadMs >= 0 && aheadMs < sameClockMs ? 0 : aheadMs;
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
    return (await this.#session.send(requestTo('whoAmI'))).json(Visitor).is_admin === true;
  }

  /** Every sensitive setting of the engine, set or not. */
  async credentials(): Promise<EngineCredential[]> {
    return (await this.#session.send(requestTo('listCredentials'))).json(EngineCredentials).credentials;
  }

  /** The setting as shown by the process that serves this connection, masked when it is sensitive. */
  async shownValue(key: string, connection?: Dispatcher): Promise<string | null> {
    const via = connection && { dispatcher: connection };
    const answer = await this.#session.send({ ...requestTo('showSetting', { key }), ...via });
    return answer.json(ShownSetting).value ?? null;
  }

  /** Every change of a setting, newest first. */
  async changes(key: string): Promise<Change[]> {
    const answer = await this.#session.send(requestTo('listChanges', { key }));
    return answer.json(History).history.sort((a, b) => b.id - a.id);
  }

  /** The newest audit events, such as logins, since a time (naive UTC, in the engine's format), at most 500. */
  async events(since: string): Promise<AuditEvent[]> {
    const query = `?limit=${mostEntries}&since=${encodeURIComponent(since)}`;
    return (await this.#session.send(requestTo('listEvents', {}, query))).json(AuditEvents).items;
  }

  /** The newest changes of all settings, at most 500. */
  async allChanges(): Promise<SettingChange[]> {
    const answer = await this.#session.send(requestTo('listAllChanges', {}, `?limit=${mostEntries}`));
    return answer.json(SettingChanges).entries;
  }

  /** Writes a setting exactly as given. Returns the value that the engine shows for it. */
  async writeSetting(key: string, value: string, connection?: Dispatcher): Promise<string | null> {
    const answer = await this.#session.send({
      ...(connection && { dispatcher: connection }),
      ...requestTo('writeSetting', { key }),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key, value }),
    });
    return answer.json(WrittenSetting).value ?? null;
  }

  /** Deletes the row of a setting. Running processes keep its value. False when there is no row. */
  async deleteSetting(key: string): Promise<boolean> {
    return (await this.#session.send({ ...requestTo('deleteSetting', { key }), allow: [404] })).status !== 404;
  }

  /** Undoes one change of a setting by writing the earlier value again. False when the engine cannot, for instance for an empty value. */
  async rollBack(key: string, change: number): Promise<boolean> {
    return (await this.#session.send({ ...requestTo('rollBack', { key, change }), allow: [404] })).status !== 404;
  }

  /** Whether the engine's own test of a service succeeds. The engine answers no other request meanwhile. */
  async testConnection(service: string): Promise<boolean> {
    const answer = await this.#session.send(requestTo('testConnection', { service }));
    return answer.json(ConnectionTested).status === 'success';
  }

  /** Whether the API answers at all. */
  async answers(): Promise<boolean> {
    try {
      await this.#session.send(requestTo('showReadiness'));
      return true;
    } catch (error) {
      if (error instanceof OutsideError && (error.status === undefined || error.status >= 500)) return false;
      throw error;
    }
  }

  async workersOnline(): Promise<number> {
    return (await this.workers()).online;
  }

  /** The engine needs six seconds for it. */
  async workers(): Promise<Workers> {
    const answer = await this.#session.send(requestTo('showQueue'));
    const { workers_online: online, scheduled } = answer.json(QueueStats).celery;
    const checks = (scheduled ?? []).filter(({ name }) => name === firstCheck);
    const aheadMs = aheadOf(answer.providerTime);
    return { online, startedAt: checks.map(({ eta }) => Date.parse(eta) - firstCheckMs + aheadMs) };
  }

  /** Uploads a document. A repeated idempotency key is answered with the result of the first upload. */
  async takeIn({ name, idempotencyKey, bytes }: TestDocument): Promise<TakenIn> {
    const form = new FormData();
    form.set('file', new File([new Uint8Array(bytes)], name, { type: 'application/pdf' }));
    form.set('source', 'keyturn');
    form.set('idempotency_key', idempotencyKey);
    try {
      return (await this.#session.send({ ...requestTo('takeIn'), body: form })).json(TakenIn);
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
    const request = requestTo('retrySubtask', { file }, `?subtask_name=${step}`);
    const answer = await this.#session.send({ ...request, allow: [400, 404] });
    return answer.status === 200 ? answer.json(SubtaskQueued).task_id : null;
  }

  async linesOf(task: string): Promise<TaskLog['logs']> {
    const answer = await this.#session.send({ ...requestTo('showTask', { task }), allow: [404] });
    return answer.status === 404 ? [] : answer.json(TaskLog).logs;
  }

  /** Ids of the newest documents with a failed step. */
  async filesInTrouble(): Promise<number[]> {
    const files = await this.#newest(filesOfPage);
    return files.filter(({ processing_status }) => processing_status.has_errors === true).map(({ id }) => id);
  }

  async newestFiles(most: number): Promise<number[]> {
    return (await this.#newest(most)).map(({ id }) => id);
  }

  /** Names of the newest documents, as they were handed in. */
  async newestNames(most: number): Promise<string[]> {
    return (await this.#newest(most)).flatMap(({ original_filename }) => original_filename ?? []);
  }

  async file(file: number): Promise<ProcessedFile | null> {
    const answer = await this.#session.send({ ...requestTo('showFile', { file }), allow: [404] });
    return answer.status === 404 ? null : answer.json(ProcessedFile);
  }

  /**
   * False when the engine cannot delete it:
   * - deletion is disabled
   * - the document has a legal hold
   * - the engine runs on PostgreSQL, where every deletion violates a foreign key and is answered with 500
   */
  async deleteFile(file: number): Promise<boolean> {
    const request = { ...requestTo('deleteFile', { file }), allow: [403, 404, 409, 500] };
    const { status } = await this.#session.send(request);
    return status === 200 || status === 404;
  }

  async #newest(most: number) {
    return (await this.#session.send(requestTo('listFiles', {}, `?page=1&per_page=${most}`))).json(Files).files;
  }
}
