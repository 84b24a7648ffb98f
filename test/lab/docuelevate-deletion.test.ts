import { randomUUID } from 'node:crypto';
import { FormData } from 'undici';
import type { ComingLine } from '../../src/lab/docuelevate/engine.js';
import {
  type DocuElevateLab,
  type DocuElevateLabOptions,
  startDocuElevateLab,
} from '../../src/lab/docuelevate/server.js';
import { type OpenAiLab, startOpenAiLab } from '../../src/lab/openai/server.js';
import { until } from './call.js';
import { idle, visit, type Visitor } from './docuelevate-visitor.js';

let openAi: OpenAiLab;
let lab: DocuElevateLab;
let admin: Visitor;
let now: number;
/** The step before whose next line the worker waits, and who lets it go on. */
let held: { step: string; goOn: () => void; waits: boolean } | null;

async function start(options: Partial<DocuElevateLabOptions> = {}): Promise<void> {
  lab = await startDocuElevateLab({
    openAiBaseUrl: openAi.baseUrl,
    openAiKey: openAi.createUserKey('engine').value,
    clock: () => now,
    beforeLine: waitIfHeld,
    ...options,
  });
  admin = visit(lab);
  await admin.login();
}
beforeEach(async () => {
  [now, held] = [Date.UTC(2030, 0, 1), null];
  openAi = await startOpenAiLab();
  await start();
});
afterEach(() => Promise.all([lab.stop(), openAi.stop()]));

async function waitIfHeld({ step }: ComingLine): Promise<void> {
  if (held?.step !== step || held.waits) return;
  const here = held;
  here.waits = true;
  await new Promise<void>((goOn) => (here.goOn = goOn));
}
/** From now on the first task that comes to the step waits there. */
function hold(step: string): void {
  held = { step, goOn: () => undefined, waits: false };
}
const reached = (): Promise<void> => until(() => held?.waits === true);
async function goOn(): Promise<void> {
  held?.goOn();
  await idle(lab);
}

interface Line {
  readonly id: number;
  readonly task_id: string;
  readonly step_name: string;
  readonly status: string;
  readonly message: string;
}

async function hand(name: string): Promise<string> {
  const form = new FormData();
  form.append('file', new Blob([`(A letter ${randomUUID()}) Tj`], { type: 'application/pdf' }), name);
  return (await admin.send('POST', '/api/ui-upload', { body: form })).string('task_id');
}
async function linesOf(id: number): Promise<Line[]> {
  const lines = (await admin.get(`/api/files/${id}`)).list('logs') as Line[];
  return lines.sort((a, b) => a.id - b.id);
}
const remove = (id: number) => admin.send('DELETE', `/api/files/${id}`);
const status = async (id: number) => (await admin.get(`/api/files/${id}`)).at('processing_status');
const names = (): string[] => lab.files().map(({ name }) => name);

describe('on SQLite, a document whose id is given out again', () => {
  it('shows the lines of the one before, under tasks of that one', async () => {
    const before = await hand('before.pdf');
    await idle(lab);
    await remove(1);

    const after = await hand('after.pdf');
    await idle(lab);

    const lines = await linesOf(1);
    const created = lines.filter(({ step_name, status }) => step_name === 'create_file_record' && status === 'success');
    expect(created.map(({ task_id }) => task_id)).toEqual([before, after]);
    expect(lines.filter(({ step_name }) => step_name === 'send_to_all_destinations')).toHaveLength(4);
  });

  it('begins with the steps of the one before: a failure stays until its own step is there', async () => {
    openAi.faults.add({ method: 'POST', path: '/v1/chat/completions', kind: { status: 401 }, times: 2 });
    await hand('before.pdf');
    await idle(lab);
    await remove(1);
    hold('check_text');

    await hand('after.pdf');
    await reached();

    expect(await status(1)).toMatchObject({ status: 'failed', has_errors: true });
    await goOn();
    expect(await status(1)).toMatchObject({ status: 'completed', has_errors: false });
  });

  it('gets the lines of a task that still works for the one before, and what that one finds', async () => {
    hold('parse_metadata');
    await hand('before.pdf');
    await reached();
    await remove(1);
    openAi.faults.add({ method: 'POST', path: '/v1/chat/completions', kind: { status: 401 }, times: 2 });
    const after = await hand('after.pdf');
    await until(
      async () => (await status(1)) !== undefined && (await linesOf(1)).some((line) => line.status === 'failure'),
    );

    await goOn();

    const lines = await linesOf(1);
    const own = lines.findLast(({ task_id, step_name }) => task_id === after && step_name === 'create_file_record');
    const later = lines.filter(({ id }) => id > (own?.id ?? 0));
    const metadata = later.filter(({ step_name }) => step_name === 'extract_metadata_with_gpt');
    expect(metadata.map((line) => line.status)).toEqual(['in_progress', 'failure', 'success']);
    expect(await status(1)).toMatchObject({ status: 'completed' });
    expect(names()).toEqual(['after.pdf']);
  });
});

describe('on SQLite, a document that is deleted', () => {
  it.each(['check_text', 'embed_metadata_into_pdf', 'send_to_all_destinations'])(
    'before %s is processed to the end all the same, and does not come back',
    async (step) => {
      hold(step);
      const task = await hand('gone.pdf');
      await reached();
      await remove(1);

      await goOn();
      now += 120_000;

      expect((await admin.get('/api/files/1')).status).toBe(404);
      expect((await admin.get(`/api/logs/task/${task}`)).at('total_logs')).toBe(18);
      expect(openAi.requests.filter(({ path }) => path === '/v1/chat/completions')).toHaveLength(2);
      expect(names()).toEqual([]);
    },
  );

  it('while its files are copied comes back a minute later, under the same task and another row', async () => {
    hold('copy_file');
    const task = await hand('back.pdf');
    await reached();
    await remove(1);
    await goOn();
    expect(names()).toEqual([]);
    expect((await admin.get('/api/queue/stats')).at('celery', 'scheduled', 0)).toMatchObject({
      id: task,
      name: 'app.tasks.process_document.process_document',
      eta: '2030-01-01T00:01:00.000000+00:00',
    });

    now += 59_000;
    await idle(lab);
    expect(names()).toEqual([]);
    now += 1000;
    await idle(lab);

    expect(lab.files()).toMatchObject([{ id: 1, name: 'back.pdf', status: 'completed' }]);
    const created = (await linesOf(1)).filter(({ message }) => message === 'File record ID: 1');
    expect(created.map(({ task_id }) => task_id)).toEqual([task, task]);
  });

  it('while its files are copied does not come back when its id was given out meanwhile', async () => {
    hold('copy_file');
    await hand('first.pdf');
    await reached();
    await remove(1);
    const second = await hand('second.pdf');
    await until(async () => (await admin.get(`/api/logs/task/${second}`)).at('total_logs') === 18);

    await goOn();
    now += 120_000;
    await idle(lab);

    expect(names()).toEqual(['second.pdf']);
    const routed = (await linesOf(1)).filter(({ step_name }) => step_name === 'route_pipeline');
    expect(routed).toHaveLength(2);
  });
});

describe('on PostgreSQL', () => {
  beforeEach(async () => {
    await lab.stop();
    await start({ database: 'postgresql' });
  });

  it('a document cannot be deleted, and no id is given out again', async () => {
    await hand('stays.pdf');
    await idle(lab);

    const refused = await remove(1);
    await hand('next.pdf');
    await idle(lab);

    expect(refused.status).toBe(500);
    expect(refused.string('detail')).toContain('ForeignKeyViolation');
    expect(lab.files().map(({ id }) => id)).toEqual([1, 2]);
  });

  it('times have microseconds and an offset', async () => {
    await hand('letter.pdf');
    await idle(lab);

    expect((await admin.get('/api/files/1')).string('logs', 0, 'timestamp')).toMatch(/\.\d{6}\+00:00$/);
  });
});
