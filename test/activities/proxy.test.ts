import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

it('takes the proxy of the environment to others, and none to this machine', async () => {
  const asked: string[] = [];
  const proxy = createServer().on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  process.env['HTTPS_PROXY'] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  process.env['NO_PROXY'] = 'inside.test';
  const { proxyFor } = await import('../../activities/shared/proxy.js');
  const { Http } = await import('../../activities/shared/http.js');
  const { runDirectly } = await import('../../activities/shared/scope.js');
  const send = (url: string) =>
    runDirectly({ workflowId: 'test', runId: '' }, () =>
      new Http('lab', url, 5000).send({ operation: 'ask', method: 'GET', path: '/' }),
    );

  await send('https://provider.test').catch(() => undefined);

  expect(asked).toEqual(['provider.test:443']);
  expect(proxyFor('http://127.0.0.1:8080/v1')).toBeUndefined();
  proxy.closeAllConnections();
  proxy.close();
});
