import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Http } from '../../../activities/shared/http.js';
import { beginLease, isLate } from '../../../activities/shared/lease.js';
import { runDirectly } from '../../../activities/shared/scope.js';

let server: Server;
let http: Http;
const received: { length: string | undefined; body: string }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ length: request.headers['content-length'], body });
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  http = new Http('somewhere', `http://127.0.0.1:${(server.address() as AddressInfo).port}`, 5_000);
});
afterAll(() => server.close());
beforeEach(() => void received.splice(0));

const change = (leaseMs: number, prepare: () => void): Promise<unknown> =>
  runDirectly(
    { workflowId: 'test', runId: '' },
    async () => {
      prepare();
      return http.send({ operation: 'change', method: 'POST', path: '/', body: 'the new välue' });
    },
    { leaseMs },
  );

describe('A change', () => {
  it('leaves in one piece while the fence that was presented is fresh', async () => {
    await change(60_000, () => beginLease(Date.now()));

    expect(received).toEqual([{ length: '14', body: 'the new välue' }]);
  });

  it('does not leave any more when another attempt may have taken over since', async () => {
    await expect(change(5_000, () => beginLease(Date.now() - 5_001))).rejects.toThrow('TOO_LATE');

    expect(received).toEqual([]);
  });

  it('leaves whenever it likes where no fence was asked for', async () => {
    await change(-1, () => undefined);

    expect(received).toHaveLength(1);
  });
});

it('tells whoever sends otherwise than over HTTP whether its lease is over', async () => {
  const late = (leaseMs: number, prepare: () => void): Promise<boolean> =>
    runDirectly(
      { workflowId: 'test', runId: '' },
      async () => {
        prepare();
        return isLate();
      },
      { leaseMs },
    );

  expect(await late(60_000, () => beginLease(Date.now()))).toBe(false);
  expect(await late(5_000, () => beginLease(Date.now() - 5_001))).toBe(true);
  expect(await late(-1, () => undefined)).toBe(false);
});
