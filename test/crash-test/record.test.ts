import { didTogether } from '../../src/crash-test/record.js';
import type { Trace } from '../../src/crash-test/setback.js';

const request = (method: string, path: string) => ({ method, origin: 'http://engine.test', path });
const [look, change] = [request('GET', '/secrets'), request('PATCH', '/secrets/1')];
const trace = (did: Pick<Trace, 'requests' | 'writes' | 'fences'>): Trace => ({
  ...{ index: 25, occurrence: 0, id: '26', activity: 'document-engine.expireSecret' },
  ...did,
});

it('knows what an attempt changed that then had to wait, and what the last one wrote', () => {
  const waiting = trace({ requests: [look, change], writes: ['note'], fences: 2 });
  const last = trace({ requests: [look], writes: ['note'], fences: 1 });

  const together = didTogether([
    { trace: waiting, outcome: 'failed' },
    { trace: last, outcome: 'succeeded' },
  ]);

  expect(together).toEqual({ requests: [change, look], writes: ['note', 'record'], fences: 2 });
});
