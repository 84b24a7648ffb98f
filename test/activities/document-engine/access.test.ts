import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DocumentEngineActivities } from '../../../activities/document-engine/activities.js';
import type { Finding } from '../../../src/domain/evidence.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { startViewerApp, type ViewerApp } from '../../../src/lab/document-engine/app.js';
import { type Bench, failureOf, startBench } from '../bench.js';
import { type DocumentEngineFixture, startFixture } from './fixture.js';

let bench: Bench;
let fixture: DocumentEngineFixture;
let folder: string;

async function begin(options: Parameters<typeof startFixture>[1] = {}): Promise<void> {
  bench = await startBench();
  fixture = await startFixture(bench, options);
  folder = mkdtempSync(join(tmpdir(), 'keyturn-engine-'));
}
afterEach(async () => {
  await fixture.lab.stop();
  await bench.close();
  rmSync(folder, { recursive: true });
});

type Verb = Exclude<keyof DocumentEngineActivities, 'makeCurrent' | 'checkAccess' | 'checkDeep' | 'survey'>;
const run = (verb: Verb, ref: VersionRef) =>
  bench.attempt<unknown>(() => fixture.activities[verb](ref)) as Promise<Finding>;
const check = async (what: string) =>
  (await bench.attempt(() => fixture.activities.checkAccess(bench.credential))).find((each) => each.what === what);

describe('what a person is told', () => {
  beforeEach(() => begin());

  it('of a wrong API token, which is answered 403 with nothing in it', async () => {
    fixture.settings.apiToken = 'another';

    expect(await failureOf(run('isListed', fixture.old))).toMatchObject({
      ...{ type: 'Unauthorized', nonRetryable: true },
      message: expect.stringContaining('the value of API_AUTH_TOKEN') as string,
    });
  });

  it('of an engine without a database, and not that the token were wrong', async () => {
    fixture.lab.behavior.database = 'none';

    const failure = await failureOf(run('isListed', fixture.old));

    expect(failure).toMatchObject({ type: 'Unauthorized', nonRetryable: true });
    expect(failure.message).toContain('without a database');
    expect(failure.message).not.toContain('API_AUTH_TOKEN');
  });

  it('of a request that never reached the engine with its token', async () => {
    fixture.lab.faults.add({ method: 'GET', path: '/api/secrets/{type}', kind: { status: 401 } });

    expect((await failureOf(run('isListed', fixture.old))).message).toContain('proxy');
  });

  it('of the release that answers, and of nothing that says one', async () => {
    expect(await check('health')).toEqual({ what: 'health', ok: true, detail: 'Document Engine 1.18.1 answers' });

    fixture.lab.behavior.server = null;

    expect(await check('health')).toMatchObject({ ok: true, warning: true });
  });

  it('of a dead worker, beside a healthcheck that is well', async () => {
    fixture.lab.behavior.worker = 'dead';

    expect(await check('health')).toMatchObject({ ok: true });
    expect(await check('documents')).toMatchObject({ ok: false });
    expect(await failureOf(run('accepts', fixture.old))).toMatchObject({ nonRetryable: false });
    fixture.settings.type = 'secret_key_base';
    expect(await failureOf(run('accepts', fixture.old))).toMatchObject({ nonRetryable: false });
  });

  it('of a type that nobody has set, at once and not by trying again', async () => {
    fixture.lab.remove('jwt', fixture.lab.environment.jwt);

    const failure = await failureOf(run('addSecret', fixture.old).then(() => run('isListed', fixture.old)));

    expect(failure).toMatchObject({ type: 'Rejected', nonRetryable: true });
    expect(failure.message).toContain('set JWT_PUBLIC_KEY');
  });
});

it('hands in no document for a look, also where only a viewer’s request shows something', async () => {
  await begin({ behavior: { upstreamJwt: 403 } });
  const before = fixture.lab.requests.length;

  const seen = await bench.attempt(() => fixture.activities.survey(bench.credential));

  expect(seen.settings).toMatchObject([{ byUs: true }]);
  const changing = fixture.lab.requests.slice(before).filter(({ path }) => path.startsWith('/api/documents'));
  expect(changing).toEqual([]);
});

describe('an application that signs', () => {
  let app: ViewerApp;

  async function sign(tokenLifetimeMs: number): Promise<void> {
    await begin();
    const keyFile = join(folder, 'key');
    writeFileSync(keyFile, fixture.lab.privateKey);
    app = await startViewerApp({ engine: fixture.lab, keyFile, tokenLifetimeMs });
    const signer = { url: app.tokenUrl, authorization: null, propagationMs: 0 };
    fixture.settings.jwt = { algorithm: 'ES256', tokenLifetimeMs: 3_600_000, signer };
  }
  afterEach(() => app.stop());

  it('for ten years is no proof that tokens of an hour have passed', async () => {
    await sign(10 * 365 * 86_400_000);

    expect(await run('sawUse', fixture.old)).toMatchObject({ kind: 'in-use', outcome: 'failed' });
    expect(await check('signer')).toMatchObject({ ok: false });
  });

  it('is asked with the query of its address, and its token is told from what only looks like one', async () => {
    await sign(3_600_000);
    const asked: string[] = [];
    const front = createServer((request, response) => {
      asked.push(request.url ?? '');
      void fetch(app.tokenUrl).then(async (answer) => {
        const text = await answer.text();
        response.end(`<html><script src="/assets/application-4f2a9c.min-bundle.javascript-module.js"></script>${text}`);
      });
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    const { port } = front.address() as AddressInfo;
    const signer = {
      url: `http://127.0.0.1:${port}/viewer-token?document=probe`,
      authorization: null,
      propagationMs: 0,
    };
    fixture.settings.jwt = { algorithm: 'ES256', tokenLifetimeMs: 3_600_000, signer };

    expect(await run('sawUse', fixture.old)).toMatchObject({ kind: 'in-use', outcome: 'proved' });
    expect(asked).toEqual(['/viewer-token?document=probe']);
    front.closeAllConnections();
    front.close();
  });

  it('for as long as the configuration says is one', async () => {
    await sign(3_600_000);

    expect(await run('sawUse', fixture.old)).toMatchObject({ kind: 'in-use', outcome: 'proved' });
    expect(await check('signer')).toMatchObject({ ok: true });
  });

  it.each([401, 403] as const)(
    'is believed by its signature where the engine takes no token from us (%i)',
    async (upstreamJwt) => {
      await sign(3_600_000);
      fixture.lab.behavior.upstreamJwt = upstreamJwt;

      expect(await run('sawUse', fixture.old)).toMatchObject({ outcome: 'proved' });
    },
  );
});

describe.each(['jwt', 'dashboard_password'] as const)('a new database (%s)', (type) => {
  beforeEach(() => begin({ type, behavior: { rotate: 'in-place' } }));

  it('is seen although it gives out the same id, for our value is refused', async () => {
    await run('generate', fixture.next);
    await run('addSecret', fixture.old);
    await run('addSecret', fixture.next);
    await bench.promote(fixture.next);
    await bench.attempt(() => fixture.activities.makeCurrent({ version: fixture.next, former: fixture.old }));
    await run('expireSecret', fixture.old);
    await run('dropSpare', fixture.next);
    const before = await bench.attempt(() => fixture.activities.survey(bench.credential));

    fixture.lab.loseDatabase();
    const after = await bench.attempt(() => fixture.activities.survey(bench.credential));

    expect(fixture.lab.secrets(type)).toEqual([{ id: 1, expiresAt: null }]);
    expect(before.settings).toMatchObject([{ byUs: true, version: fixture.next.number }]);
    expect(after.settings).toMatchObject([{ byUs: false, version: null }]);
    expect(after.versions.find(({ number }) => number === fixture.next.number)).toMatchObject({ verdict: 'refused' });
  });

  it('would bring back what the environment holds, which is told with a way to change it', async () => {
    const variable = type === 'jwt' ? 'JWT_PUBLIC_KEY' : 'DASHBOARD_PASSWORD';
    const envFile = join(folder, '.env');
    writeFileSync(envFile, `REPLACE_SECRETS_FROM_ENV=false\n${variable}="${fixture.lab.environment[type]}"\n`);
    fixture.settings.envFile = envFile;
    expect(await check('environment')).toBeUndefined();

    await run('generate', fixture.next);
    await bench.promote(fixture.next);

    const found = await check('environment');
    expect(found).toMatchObject({ ok: true, warning: true });
    expect(found?.detail).toContain(`the value of version ${fixture.old.number}, which is retiring`);
    expect(found?.detail).toContain(`deliver: [{ envFile: ${envFile}, variable: ${variable}`);
    expect(found?.detail).not.toContain(fixture.lab.environment[type]);
  });
});
