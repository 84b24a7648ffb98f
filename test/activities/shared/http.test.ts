import { Http, onOwnConnections } from '../../../activities/shared/http.js';
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
