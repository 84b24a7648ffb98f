import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { Http, type HttpRequest, onOwnConnections } from '../../../activities/shared/http.js';
import { runDirectly } from '../../../activities/shared/scope.js';
import { type LabServer, serve } from '../../../src/lab/server.js';

let lab: LabServer;
let connections: (number | undefined)[];

beforeEach(async () => {
  connections = [];
  lab = await serve(({ connection }) => {
    connections.push(connection);
    return { status: 200 };
  }, {});
});
afterEach(() => lab.stop());

it('reads no answer that never ends', async () => {
  let sent = 0;
  const endless = createServer((_, response) => {
    const piece = Buffer.alloc(64 * 1024);
    const more = (): void => {
      while (!response.destroyed && response.write(piece)) sent += piece.length;
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  });
  await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve));
  const { port } = endless.address() as AddressInfo;
  const http = new Http('lab', `http://127.0.0.1:${port}`, 20_000);

  const failure = runDirectly({ workflowId: 'test', runId: '' }, () =>
    http.send({ operation: 'ask', method: 'GET', path: '/' }),
  );

  await expect(failure).rejects.toMatchObject({ code: 'TOO_LONG' });
  endless.closeAllConnections();
  endless.close();
  expect(sent).toBeLessThan(64 * 1024 * 1024);
});

it('says where a redirect leads, and nothing that may be an echo', async () => {
  const elsewhere = await serve(() => ({ status: 302, headers: { location: 'https://login.test/a-secret?b' } }), {});
  const http = new Http('lab', elsewhere.url, 1000);

  const failure = runDirectly({ workflowId: 'test', runId: '' }, () =>
    http.send({ operation: 'ask', method: 'GET', path: '/' }),
  );

  await expect(failure).rejects.toThrow(/answered 302, a redirect to https:\/\/login\.test: /);
  await elsewhere.stop();
});

it.each([
  ["the system's own", '{"detail":"no"}', { status: 403 }],
  ["a proxy's, in another shape", '{"error":"no"}', { status: undefined, code: '403 from something in between' }],
  ["a proxy's, in words", 'the proxy forbids it', { status: undefined, code: '403 from something in between' }],
])('takes a refusal for %s', async (_, body, expected) => {
  const forbidding = await serve(() => ({ status: 403, body }), {});
  const http = new Http('lab', forbidding.url, 1000);

  const failure = runDirectly({ workflowId: 'test', runId: '' }, () =>
    http.send({ operation: 'ask', method: 'GET', path: '/', refusal: z.object({ detail: z.string() }) }),
  );

  await expect(failure).rejects.toMatchObject(expected);
  await forbidding.stop();
});

describe('when the activity is cancelled meanwhile', () => {
  /** Sends, and cancels as soon as the other side has heard of it. */
  async function cancelled(request: Omit<HttpRequest, 'operation' | 'path'>) {
    const cancellation = new AbortController();
    const slow = await serve(() => ({ status: 200 }), {});
    slow.faults.add({ method: '*', path: '*', kind: { slowMs: 100 } });
    const http = new Http('lab', slow.url, 20_000);
    const sent = runDirectly(
      { workflowId: 'test', runId: '' },
      () => http.send({ operation: 'ask', path: '/', ...request }),
      { signal: cancellation.signal },
    );
    while (slow.requests.length === 0) await new Promise(setImmediate);
    cancellation.abort();
    const [ended] = await Promise.allSettled([sent]);
    await slow.stop();
    return ended;
  }

  it.each([
    ['a change without content', { method: 'DELETE' }],
    ['a change', { method: 'POST', body: '{}' }],
  ] as const)('hears the answer to %s, which could arrive all the same', async (_, request) => {
    expect(await cancelled(request)).toMatchObject({ status: 'fulfilled', value: { status: 200 } });
  });

  it.each([
    ['a question', { method: 'GET' }],
    ['a question in a POST', { method: 'POST', body: '{}', asks: true }],
  ] as const)('asks %s no longer', async (_, request) => {
    expect(await cancelled(request)).toMatchObject({ status: 'rejected', reason: { name: 'CancelledFailure' } });
  });

  it('sends no change afterwards', async () => {
    const calledOff = { signal: AbortSignal.abort() };
    const http = new Http('lab', lab.url, 20_000);

    const sent = runDirectly(
      { workflowId: 'test', runId: '' },
      () => http.send({ operation: 'ask', method: 'POST', path: '/', body: '{}' }),
      calledOff,
    );

    await expect(sent).rejects.toMatchObject({ name: 'CancelledFailure' });
    expect(lab.requests).toEqual([]);
  });
});

it('shares no connection between questions that are meant to reach several servers', async () => {
  const http = new Http('lab', lab.url, 1000);
  const send = () => http.send({ operation: 'ask', method: 'GET', path: '/' });

  await runDirectly({ workflowId: 'test', runId: '' }, async () => {
    for (let times = 0; times < 6; times += 1) await send();
    for (let times = 0; times < 4; times += 1) await onOwnConnections(send);
  });

  expect(new Set(connections.slice(0, 6)).size).toBeLessThan(6);
  expect(new Set(connections.slice(6)).size).toBe(4);
});
