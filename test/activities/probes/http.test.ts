import type { FaultKind } from '../../../src/lab/faults.js';
import type { Answer, Incoming } from '../../../src/lab/routes.js';
import { type LabServer, serve } from '../../../src/lab/server.js';
import { startWebDavLab, type WebDavLab, type WebDavLabOptions } from '../../../src/lab/webdav/server.js';
import { randomValue } from '../bench.js';
import { ask, everythingSaid } from './fixture.js';

const value = randomValue();

describe('a WebDAV folder', () => {
  let lab: WebDavLab;
  afterEach(() => lab.stop());
  const start = async (options: WebDavLabOptions = {}): Promise<void> =>
    void (lab = await startWebDavLab({ password: value, ...options }));
  const at = (url = lab.folderUrl) => ({ protocol: 'webdav', url, username: lab.username });

  it('tells which password is accepted, with one login each, although its refusals are pages for people', async () => {
    await start();

    expect(await ask(at(), value)).toBe('accepted');
    expect(await ask(at(), randomValue())).toBe('refused');

    expect(lab.logins.map(({ outcome }) => outcome)).toEqual(['accepted', 'refused']);
    const asked = lab.requests.map(({ method, path, status }) => `${method} ${path} ${status}`);
    expect(asked).toEqual([401, 207, 401, 401].map((status) => `PROPFIND /dav/ ${status}`));
  });

  it('decides nothing where everybody may look, or where there is no such folder', async () => {
    await start();

    expect(await ask(at(`${lab.url}/open`), randomValue())).toContain('answers 207 to everybody');
    expect(await ask(at(`${lab.url}/dav/nowhere`), value)).toContain('answered 404');
    expect(await ask(at(`${lab.url}/open/nowhere`), value)).toContain('asks for no password');
    expect(lab.logins).toHaveLength(1);
  });

  it('shows an old password as accepted and the new one as refused while the server remembers', async () => {
    let now = Date.now();
    const next = randomValue();
    await start({ clock: () => now, cache: { ms: 300_000, by: 'apache' } });
    expect(await ask(at(), value)).toBe('accepted');

    lab.setPassword(next);

    expect([await ask(at(), value), await ask(at(), next)]).toEqual(['accepted', 'refused']);
    now += 300_000;
    expect([await ask(at(), value), await ask(at(), next)]).toEqual(['refused', 'accepted']);
  });

  it('is never refused by a locked account', async () => {
    await start({ lockAfter: 1 });
    expect(await ask(at(), randomValue())).toBe('refused');

    await expect(ask(at(), value)).rejects.toThrow('429');
  });

  it.each<FaultKind>([{ status: 500 }, { status: 503 }, 'reset-before', 'reset-after'])(
    'is asked again later after %j',
    async (kind) => {
      await start();
      lab.faults.add({ method: 'PROPFIND', path: '*', skip: 1, kind });

      await expect(ask(at(), value)).rejects.toThrow(/PROPFIND (answered 50|got no usable answer)/);
      expect(await ask(at(), value)).toBe('accepted');
    },
  );

  it('names no password, whatever happens', async () => {
    await start();
    const said: string[] = [];
    for (const kind of [{ status: 500 }, { status: 403 }, 'reset-after'] as const) {
      lab.faults.add({ method: 'PROPFIND', path: '*', skip: 1, kind });
      said.push(await everythingSaid(at(), value), await everythingSaid(at(), `wrong-${value}`));
    }

    expect(said.join('\n')).not.toContain(value);
    expect(said.join('\n')).not.toContain(Buffer.from(`${lab.username}:${value}`).toString('base64'));
  });
});

describe('a request of an HTTP API', () => {
  let lab: LabServer;
  let answer: (request: Incoming) => Answer;
  const seen: Incoming[] = [];
  beforeEach(async () => {
    seen.length = 0;
    answer = ({ headers }) => ({ status: headers.authorization === `Bearer ${value}` ? 200 : 401 });
    lab = await serve((request) => {
      seen.push(request);
      return answer(request);
    }, {});
  });
  afterEach(() => lab.stop());
  const at = (more = {}) => ({ protocol: 'http', url: `${lab.url}/v1/models/?limit=1`, ...more });

  it('is sent once without the value and once with it, on connections of their own and without cookies', async () => {
    answer = ({ headers }) => ({
      ...{ status: headers.authorization === `Bearer ${value}` ? 200 : 401 },
      headers: { 'set-cookie': 'session=of-the-server' },
    });

    expect([await ask(at(), value), await ask(at(), randomValue())]).toEqual(['accepted', 'refused']);

    expect(seen.map(({ headers }) => headers.authorization !== undefined)).toEqual([false, true, false, true]);
    expect(new Set(seen.map(({ connection }) => connection)).size).toBe(4);
    expect(seen.map(({ headers }) => headers.cookie)).toEqual([undefined, undefined, undefined, undefined]);
    expect(seen.map(({ path, query }) => `${path}?${query.toString()}`)).toContain('/v1/models/?limit=1');
  });

  it.each([
    [{ scheme: 'Token' }, { authorization: `Token ${value}` }],
    [{ username: 'keyturn' }, { authorization: `Basic ${Buffer.from(`keyturn:${value}`).toString('base64')}` }],
    [{ header: 'X-Api-Key' }, { 'x-api-key': value }],
  ])('carries the value where %j says', async (more, headers) => {
    answer = ({ headers: got }) => ({ status: Object.entries(headers).every(([k, v]) => got[k] === v) ? 204 : 401 });

    expect(await ask(at(more), value)).toBe('accepted');
  });

  it.each([
    [{ status: 403 }, {}, 'answered 403'],
    [{ status: 404, body: '<!doctype html><html>somewhere else</html>' }, {}, 'answered 404'],
    [{ status: 302, headers: { location: 'https://login.example.com/' } }, {}, 'answered 302'],
    [{ status: 401 }, { refused: [403] }, 'answered 401'],
    [{ status: 200 }, { accepted: [204] }, 'answered 200'],
  ])('decides nothing by an answer that nobody declared: %j %j', async (status, more, told) => {
    answer = ({ headers }) => (headers.authorization === undefined ? { status: 400 } : status);

    expect(await ask(at(more), value)).toContain(`cannot tell: GET ${lab.url}/v1/models/ ${told}`);
  });

  it('decides by the statuses that are declared', async () => {
    answer = ({ headers }) => ({ status: headers.authorization === `Bearer ${value}` ? 422 : 403 });
    const declared = at({ method: 'POST', accepted: [422], refused: [403] });

    expect([await ask(declared, value), await ask(declared, randomValue())]).toEqual(['accepted', 'refused']);
  });

  it('decides nothing where everybody is welcome, and does not send the value there', async () => {
    answer = () => ({ status: 200, body: '<html>please sign in</html>' });

    expect(await ask(at(), value)).toContain('answers 200 to everybody');
    expect(seen).toHaveLength(1);
  });

  it.each([429, 408, 423, 409, 500, 503])('is asked again later after a %i', async (status) => {
    answer = ({ headers }) => ({ status: headers.authorization === undefined ? 401 : status });

    await expect(ask(at(), value)).rejects.toThrow(`answered ${status}`);
    expect(seen).toHaveLength(2);
  });

  it('names neither the value nor the query, whatever happens', async () => {
    const said: string[] = [];
    for (const kind of [{ status: 400 }, { status: 500 }, { status: 302 }, 'reset-after'] as const) {
      lab.faults.add({ method: 'GET', path: '*', skip: 1, kind });
      said.push(await everythingSaid(at({ header: 'X-Api-Key' }), value));
    }
    said.push(await everythingSaid(at({ header: 'X-Api-Key' }), `${value}\n`));

    expect(said.join('\n')).not.toContain(value);
    expect(said.join('\n')).not.toContain('limit=1');
  });
});
