import { randomUUID } from 'node:crypto';
import { FormData } from 'undici';
import {
  type DocuElevateLab,
  type DocuElevateLabOptions,
  startDocuElevateLab,
} from '../../src/lab/docuelevate/server.js';
import { call } from './call.js';
import { idle, visit, type Visitor } from './docuelevate-visitor.js';
import { startWebDavServer, type WebDavServer } from './webdav-server.js';

let server: WebDavServer;
let lab: DocuElevateLab;
let admin: Visitor;
let now: number;

async function start(options: Partial<DocuElevateLabOptions> = {}): Promise<void> {
  await lab?.stop();
  const webdav = { url: `${server.url}/`, username: 'docs', password: 'old' };
  lab = await startDocuElevateLab({ webdav, clock: () => now, ...options });
  admin = visit(lab);
  await admin.login();
}
beforeEach(async () => {
  now = Date.UTC(2030, 0, 1);
  server = await startWebDavServer('docs', 'old');
  await start();
});
afterEach(() => Promise.all([lab.stop(), server.stop()]));

async function hand() {
  const form = new FormData();
  form.append('file', new Blob([`(A letter ${randomUUID()}) Tj`], { type: 'application/pdf' }), 'letter.pdf');
  return admin.send('POST', '/api/ui-upload', { body: form });
}
async function later(seconds: number): Promise<void> {
  now += seconds * 1000;
  await idle(lab);
}
const status = () => lab.files()[0]?.status;

describe('an upload that is refused', () => {
  beforeEach(async () => {
    server.password = 'new';
    await hand();
    await idle(lab);
  });

  it('fails the document with two lines, and is tried three times more, after 1, 5 and 15 minutes or so', async () => {
    const tries: number[] = [server.log.length];
    for (const seconds of [59, 1, 347, 1, 719, 1, 100_000]) {
      await later(seconds);
      tries.push(server.log.length);
    }

    expect(tries).toEqual([1, 1, 2, 2, 3, 3, 4, 4]);
    const lines = (await admin.get('/api/files/1')).list('logs') as { step_name: string; status: string }[];
    const failures = lines.filter((line) => line.step_name === 'upload_to_webdav' && line.status === 'failure');
    expect(failures).toHaveLength(8);
    expect(status()).toBe('failed');
  });

  it('uses what was written meanwhile, and the document is completed', async () => {
    lab.editSetting('webdav_password', 'new', 'somebody');

    expect(status()).toBe('failed');
    await later(60);
    expect(status()).toBe('completed');
  });

  it('waits where the queue shows it, through a restart of the worker', async () => {
    const scheduled = async () => (await admin.get('/api/queue/stats')).list('celery', 'scheduled');

    lab.restartWorker();

    expect(await scheduled()).toMatchObject([{ name: 'app.tasks.upload_to_webdav.upload_to_webdav' }]);
    server.password = 'old';
    await later(60);
    expect([await scheduled(), status()]).toEqual([[], 'completed']);
  });
});

it('a wait is as long as task_retry_delays says', async () => {
  lab.editSetting('task_retry_delays', '2,4,6', 'somebody');
  server.password = 'new';
  await hand();
  await idle(lab);

  await later(2);

  expect(server.log).toHaveLength(2);
});

it('a destination without a password is not asked, and the document is completed', async () => {
  lab.editSetting('webdav_password', '', 'somebody');
  await hand();
  await idle(lab);

  expect([status(), server.log]).toEqual(['completed', []]);
});

describe('one upload of a kept document', () => {
  const again = () => admin.send('POST', '/api/files/1/retry-subtask?subtask_name=upload_to_webdav');

  it('runs alone, under a task of its own, with the present value', async () => {
    await hand();
    await idle(lab);
    server.password = 'new';
    lab.editSetting('webdav_password', 'new', 'somebody');

    const task = (await again()).string('task_id');
    await idle(lab);

    expect(server.log.map((line) => line.slice(-3))).toEqual(['201', '204']);
    const lines = (await admin.get(`/api/logs/task/${task}`)).list('logs') as { status: string }[];
    expect(lines.map((line) => line.status)).toEqual(['in_progress', 'success']);
  });

  it('of none is not found', async () => {
    expect((await again()).status).toBe(404);
  });
});

describe('the limit of uploads', () => {
  it.each([
    ['queueLength', 51, 10],
    ['queueLength', 101, 5],
    ['queueLength', 201, 2],
    ['load', 1.6, 10],
    ['load', 2.1, 5],
    ['load', 3.1, 2],
  ] as const)('falls with %s: at %d it is %d', async (control, value, limit) => {
    lab[control] = value;

    for (let count = 0; count < limit; count++) expect((await hand()).status).toBe(200);
    expect((await hand()).string('detail')).toContain(`(${limit}/${limit} in 60s)`);
  });

  it('is forgotten with Redis', async () => {
    lab.load = 3.1;
    for (let count = 0; count < 3; count++) await hand();
    lab.emptyRedis();

    expect((await hand()).status).toBe(200);
  });
});

it('the queue takes its time to answer', async () => {
  await start({ queueStatsMs: 50 });
  const begun = performance.now();

  await call(`${lab.url}/api/queue/stats`);

  expect(performance.now() - begun).toBeGreaterThan(45);
});
