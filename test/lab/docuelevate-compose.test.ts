import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  type DocuElevateLab,
  type DocuElevateLabOptions,
  startDocuElevateLab,
} from '../../src/lab/docuelevate/server.js';
import { visit } from './docuelevate-visitor.js';

const key = 'webdav_password';
const run = promisify(execFile);
let lab: DocuElevateLab;

async function start(options: Partial<DocuElevateLabOptions> = {}): Promise<void> {
  await lab?.stop();
  const webdav = { url: 'http://127.0.0.1:1/', username: 'docs', password: 'first-value' };
  lab = await startDocuElevateLab({ webdav, deployed: true, ...options });
}
beforeEach(() => start());
afterEach(() => lab.stop());

const compose = (...args: string[]) => lab.compose?.run(args);

function writeInFile(value: string): void {
  const file = lab.compose?.envFile ?? '';
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^WEBDAV_PASSWORD=.*$/m, `WEBDAV_PASSWORD='${value}'`));
}

async function inUse(): Promise<unknown> {
  const admin = visit(lab);
  await admin.login();
  return { api: (await admin.get(`/api/settings/${key}`)).at('value'), worker: lab.workerHolds(key) };
}

/** Waits until the processes have started. */
async function untilUp(): Promise<void> {
  for (;;) {
    const answer = await fetch(`${lab.url}/api/queue/stats`).catch(() => null);
    const stats = (await answer?.json()) as { celery: { workers_online: number } } | undefined;
    if (stats && stats.celery.workers_online > 0) return;
    await delay(5);
  }
}

it('has the whole environment in a file that only its owner can read', () => {
  expect(readFileSync(lab.compose?.envFile ?? '', 'utf8')).toContain("\nWEBDAV_PASSWORD='first-value'\n");
});

it.each([
  { args: ['restart', 'api', 'worker'], api: 'firs*******', worker: 'first-value' },
  { args: ['up', '-d', '--force-recreate', 'api', 'worker', 'beat'], api: 'seco********', worker: 'second-value' },
  { args: ['up', '-d', '--force-recreate', 'api'], api: 'seco********', worker: 'first-value' },
  { args: ['up', '-d', '--force-recreate', 'worker'], api: 'firs*******', worker: 'second-value' },
])('after a change of the file and "$args": $api in the API and $worker in the worker', async ({ args, ...then }) => {
  writeInFile('second-value');

  await compose(...args);
  await untilUp();

  expect(await inUse()).toEqual(then);
});

it('reads the .env of the working directory at every start of a process, and the environment before it', async () => {
  lab.setDotEnv(key, 'of-the-work-folder');
  await compose('restart', 'api', 'worker');
  await untilUp();
  const overridden = await inUse();
  lab.setEnvironment(key, null);
  await compose('restart', 'api', 'worker');
  await untilUp();

  expect([overridden, await inUse()]).toEqual([
    { api: 'firs*******', worker: 'first-value' },
    { api: 'of-t**************', worker: 'of-the-work-folder' },
  ]);
});

it('a row overrides whatever was recreated, and a worker with an empty Redis does not know of it', async () => {
  lab.editSetting(key, 'of-the-database', 'somebody');
  writeInFile('second-value');
  await compose('up', '-d', '--force-recreate');
  await untilUp();
  const told = await inUse();
  lab.emptyRedis();
  await compose('up', '-d', '--force-recreate');
  await untilUp();

  expect(told).toEqual({ api: 'of-t***********', worker: 'of-the-database' });
  expect(await inUse()).toEqual({ api: 'of-t***********', worker: 'second-value' });
});

it('answers nothing and has no worker while the processes start', async () => {
  await start({ bootMs: 200 });
  await compose('restart', 'worker');
  const stats = await fetch(`${lab.url}/api/queue/stats`);
  await compose('restart', 'api');

  expect(await stats.json()).toMatchObject({ celery: { workers_online: 0 } });
  await expect(fetch(lab.url)).rejects.toThrow();
  await untilUp();
});

it('comes with a program that recreates the containers, and fails where there is no such service', async () => {
  const [program = '', ...args] = lab.compose?.restart ?? [];
  writeInFile('second-value');
  await run(program, args);
  await untilUp();

  expect(await inUse()).toEqual({ api: 'seco********', worker: 'second-value' });
  await expect(run(program, [...args.slice(0, 2), 'restart', 'no-such'])).rejects.toMatchObject({ code: 1 });
});
