import { randomUUID } from 'node:crypto';
import { FormData } from 'undici';
import { testPdf } from '../../activities/shared/test-pdf.js';
import type { OpenAiLab } from '../../src/lab/openai/server.js';
import { type Visitor, visit } from '../lab/docuelevate-visitor.js';
import { until } from '../support/temporal.js';
import type { Staging } from './staging.js';

/** A running DocuElevate as an administrator with a browser sees it: what Keyturn says of it is held against this. */
export interface Instance extends Pick<Staging, 'url' | 'adminUsername' | 'adminPassword'> {
  /** Puts a key into force, as a person would. */
  setKey(value: string): Promise<void>;
  /**
   * One document of somebody's, deleted once OpenAI answered what was asked about it: whether it did. The next document may get its id.
   * Null when the instance takes no more for now.
   */
  handIn(): Promise<boolean | null>;
  /** Names of the documents it holds that begin like this, the newest hundred at most. */
  documents(beginning: string): Promise<string[]>;
  /** Takes back the first `setKey` and deletes what was handed in; answers what cannot be deleted. */
  leave(): Promise<string[]>;
}

const key = 'openai_api_key';
const workerMs = 30_000; // a document of its own takes one second
const beginnings = { ours: 'keyturn-acceptance-', keyturns: 'keyturn-test-' } as const;

type Login = Pick<Staging, 'url' | 'adminUsername' | 'adminPassword'>;

/** @throws Error that says what to set where the instance is not one to be tried things out on; nothing was changed then */
export async function enter(login: Login, openai: OpenAiLab): Promise<Instance> {
  const admin = visit(login);
  await requireAdministrator(admin, login);
  await requireSimulatedOpenAi(admin, openai);
  const found = await newestChange(admin);
  let first: number | undefined;
  const instance: Instance = {
    ...login,
    async setKey(value) {
      const { status } = await admin.send('POST', `/api/settings/${key}`, { json: { key, value } });
      if (status !== 200) throw new Error(`DocuElevate answered ${status} to a new ${key}`);
      first ??= (await newestChange(admin)) ?? undefined;
    },
    handIn: () => handIn(admin, openai),
    documents: async (beginning) => (await listed(admin, beginning)).map(({ name }) => name),
    async leave() {
      if (first !== undefined && first !== found) await admin.send('POST', `/api/settings/${key}/rollback/${first}`);
      for (const beginning of Object.values(beginnings)) await remove(admin, await listed(admin, beginning));
      return [...(await instance.documents(beginnings.ours)), ...(await instance.documents(beginnings.keyturns))];
    },
  };
  return instance;
}

/** Whoever is named has to be an administrator: nobody else may change settings. */
async function requireAdministrator(admin: Visitor, { url, adminUsername }: Login): Promise<void> {
  const where = await admin.login().catch((error: unknown) => {
    throw new Error(`nobody answers at ${url}: is DocuElevate running there?`, { cause: error });
  });
  if (where === null || where.includes('error=')) throw new Error(`DocuElevate does not let ${adminUsername} sign in`);
  if ((await admin.get('/api/auth/whoami')).at('is_admin') !== true)
    throw new Error(`${adminUsername} is no administrator of DocuElevate`);
}

/** Before anything is written: an instance that calls the real OpenAI is somebody's in earnest. */
async function requireSimulatedOpenAi(admin: Visitor, { baseUrl }: OpenAiLab): Promise<void> {
  const shown = (await admin.get('/api/settings/openai_base_url')).at('value');
  if (typeof shown === 'string' && shown.replace(/\/+$/, '') === baseUrl) return;
  throw new Error(
    `this DocuElevate calls ${String(shown)}, not the simulated OpenAI: set OPENAI_BASE_URL=${baseUrl} in the environment of its API, worker and beat, start them again, ` +
      'and see to it that no setting openai_base_url lies in its database',
  );
}

async function newestChange(admin: Visitor): Promise<number | null> {
  const history = (await admin.get(`/api/settings/${key}/history`)).list('history') as { id: number }[];
  return history.length === 0 ? null : Math.max(...history.map(({ id }) => id));
}

/** What became of it is asked at OpenAI, where its text arrives: DocuElevate's own lines may be those of another document. */
async function handIn(admin: Visitor, openai: OpenAiLab): Promise<boolean | null> {
  const id = randomUUID();
  const form = new FormData();
  form.set('file', new File([new Uint8Array(testPdf(id))], `${beginnings.ours}${id}.pdf`, { type: 'application/pdf' }));
  const { requests } = openai;
  const before = requests.length;
  const { status } = await admin.send('POST', '/api/ui-upload', { body: form });
  if (status === 429) return null;
  if (status !== 200) throw new Error(`DocuElevate answered ${status} to a document`);
  const giveUpAt = Date.now() + workerMs;
  const { answered } = await until(async () => {
    const asked = openai.inferences().find((each) => each.asked.includes(id));
    if (asked) return { answered: asked.status === 200 };
    // A key that is not known says nothing of what was asked with it.
    const refused = requests.slice(before).some(({ path, status }) => path.endsWith('/completions') && status === 401);
    return (refused || Date.now() > giveUpAt) && { answered: false };
  });
  await remove(admin, await listed(admin, `${beginnings.ours}${id}`));
  return answered;
}

/** A document that the instance does not let go stays. */
async function remove(admin: Visitor, files: readonly { id: number }[]): Promise<void> {
  for (const { id } of files) await admin.send('DELETE', `/api/files/${id}`);
}

async function listed(admin: Visitor, beginning: string): Promise<{ id: number; name: string }[]> {
  const files = (await admin.get('/api/files?page=1&per_page=100')).list('files');
  return (files as { id: number; original_filename: string }[])
    .map(({ id, original_filename: name }) => ({ id, name }))
    .filter(({ name }) => name.startsWith(beginning));
}
