import { once } from 'node:events';
import { connect } from 'node:net';
import { fastClock } from '../../src/lab/clock.js';
import { bystander, type LabOptions, type LabServer, serve } from '../../src/lab/server.js';
import { call, until } from './call.js';

let lab: LabServer;
let things: string[];

async function start(options: LabOptions = {}): Promise<void> {
  things = [];
  lab = await serve((request) => {
    if (request.method === 'POST') things.push(request.body.toString());
    return { status: request.method === 'POST' ? 201 : 200, body: { things } };
  }, options);
}
beforeEach(() => start());
afterEach(() => lab.stop());

const post = (path = '/things', body = 'one') => call(`${lab.url}${path}`, { method: 'POST', body });

it('remembers every request in order, without bodies and headers', async () => {
  await post('/things');
  await call(`${lab.url}/things?limit=2`, { headers: { authorization: 'Bearer hidden' } });

  expect(lab.requests).toMatchObject([
    { method: 'POST', path: '/things', query: '', status: 201 },
    { method: 'GET', path: '/things', query: 'limit=2', status: 200 },
  ]);
  expect(JSON.stringify(lab.requests)).not.toMatch(/hidden|one/);
});

it('refuses as told, with a pause to wait and an echo of what was sent', async () => {
  lab.faults.add({ method: 'POST', path: '/things', kind: { status: 429, retryAfterSeconds: 3 } });

  const refused = await post('/things', 'a secret');
  const second = await post();

  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('3');
  expect(refused.text).toContain('a secret');
  expect(second.status).toBe(201);
  expect(things).toEqual(['one']);
});

it('spares whoever uses it beside the one that a fault is meant for', async () => {
  lab.faults.add({ method: 'POST', path: '/things', kind: { status: 503 } });

  const beside = await call(`${lab.url}/things`, { method: 'POST', body: 'beside', headers: bystander });

  expect(beside.status).toBe(201);
  expect((await post()).status).toBe(503);
});

it('refuses with the given body, so many times, after so many calls', async () => {
  lab.faults.add({ method: 'POST', path: '/{kind}/{id}', skip: 1, times: 2, kind: { status: 503, body: 'later' } });

  const statuses = [];
  for (let i = 0; i < 4; i += 1) statuses.push((await post('/things/1')).status);

  expect(statuses).toEqual([201, 503, 503, 201]);
});

it('hits only the method and the path it was told, or all of them', async () => {
  lab.faults.add({ method: 'POST', path: '/things/{id}', kind: { status: 500 } });

  expect((await post('/things')).status).toBe(201);
  expect((await call(`${lab.url}/things/1`)).status).toBe(200);
  expect((await post('/things/1/parts')).status).toBe(201);

  lab.faults.clear();
  lab.faults.add({ method: '*', path: '*', kind: { status: 500 } });

  expect((await post('/anything')).status).toBe(500);
  expect((await post('/things/1')).status).toBe(201);
});

it('cuts the connection before the change, or after it', async () => {
  lab.faults.add({ method: 'POST', path: '*', kind: 'reset-before' });
  await expect(post('/things', 'lost')).rejects.toThrow();
  expect(things).toEqual([]);

  lab.faults.add({ method: 'POST', path: '*', kind: 'reset-after' });
  await expect(post('/things', 'made')).rejects.toThrow();
  expect(things).toEqual(['made']);

  expect(lab.requests.map(({ status }) => status)).toEqual([undefined, undefined]);
});

it('applies a slow change although nobody waits for it any more', async () => {
  lab.faults.add({ method: 'POST', path: '*', kind: { slowMs: 300 } });

  await expect(call(lab.url, { method: 'POST', body: 'late', signal: AbortSignal.timeout(100) })).rejects.toThrow(
    'timeout',
  );
  expect(things).toEqual([]);

  await until(() => things.length === 1);
});

it('lets a call hang until it stops, and then ends it at once', async () => {
  lab.faults.add({ method: 'GET', path: '*', kind: 'hang' });
  const hanging = call(lab.url);
  const idle = connect(Number(new URL(lab.url).port), '127.0.0.1');
  idle.on('error', () => undefined);
  await until(() => lab.requests.length === 1);

  await lab.stop();

  await expect(hanging).rejects.toThrow();
  if (!idle.destroyed) await once(idle, 'close');
});

it('takes its time, and is not held up by it when it stops', async () => {
  await lab.stop();
  await start({ latencyMs: 30 });
  const before = performance.now();
  await post();
  const took = performance.now() - before;

  await lab.stop();
  await start({ latencyMs: 60_000 });
  const hanging = post();
  await until(() => lab.requests.length === 1);
  await lab.stop();

  expect(took).toBeGreaterThanOrEqual(29);
  await expect(hanging).rejects.toThrow();
  expect(things).toEqual([]);
});

it('lives in its own time', async () => {
  await lab.stop();
  await start({ clock: () => Date.UTC(2030, 0, 1, 12) });

  const { headers } = await post();

  expect(headers.get('date')).toBe('Tue, 01 Jan 2030 12:00:00 GMT');
  expect(lab.requests[0]?.at).toBe(Date.UTC(2030, 0, 1, 12));
});

it('has a clock that runs faster than ours', async () => {
  const clock = fastClock(1000);
  const start = clock();

  await until(() => clock() - start > 5000);

  expect(clock() - Date.now()).toBeGreaterThan(4000);
});
