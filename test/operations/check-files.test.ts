import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createPlayground, type Playground } from '../../src/lab/playground.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { startOpenAiApiKey } from '../../src/lab/scenarios/openai-api-key.js';
import { adopt } from '../../src/operations/setup/adopt.js';
import { backUp } from '../../src/operations/records/backup.js';
import { type Check, check } from '../../src/operations/setup/check.js';
import { recordFileOf, writeDown } from '../../src/operations/session/emergency-record.js';
import { restore } from '../../src/operations/records/restore.js';
import { openSession } from '../../src/operations/session/session.js';

const nobody = 65_534;
const whenRoot = process.getuid?.() === 0 ? it : it.skip;

let scenario: Scenario;
let playground: Playground;

beforeEach(async () => {
  scenario = await startOpenAiApiKey();
  playground = await createPlayground(scenario, { grace: '0 seconds' });
  await inSession((session) =>
    adopt(session, { credential: 'openai', parts: scenario.adopted, soleUser: true, actor: 'test' }),
  );
});
afterEach(async () => {
  await playground.remove();
  await scenario.stop();
});

const at = (name: string): string => join(playground.dir, name);
const act = { at: 1, askedAt: 1, actor: 'ada', reason: 'a test', credential: 'openai', id: 'any', name: 'any' };

async function inSession<T>(work: (session: Awaited<ReturnType<typeof openSession>>) => Promise<T>): Promise<T> {
  const session = await openSession({ file: playground.file, create: true });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** What does not pass, or is warned of. */
async function told(): Promise<Check[]> {
  const found: Check[] = [];
  for await (const each of check({ file: playground.file, credentials: [] })) found.push(each);
  return found.filter(({ ok, warning, what }) => (!ok || warning) && what !== 'Temporal');
}
const about = async (path: string): Promise<Check | undefined> =>
  (await told()).find(({ what }) => what.includes(path));

it('finds nothing where only Keyturn and root may change what it goes by', async () => {
  expect((await told()).filter(({ what }) => what.includes(playground.dir))).toEqual([]);
});

it.each(['keyturn.yaml', 'keyturn.db', 'keyturn.keyring.json', 'docuelevate-admin'])(
  'tells who may change %s',
  async (name) => {
    chmodSync(at(name), 0o606);

    expect(await about(at(name))).toMatchObject({
      ok: false,
      detail: expect.stringContaining('everybody may change it') as string,
    });
  },
);

it.each(['keyturn.db', 'docuelevate-admin', 'openai-admin'])('tells who may read %s', async (name) => {
  chmodSync(at(name), 0o604);

  expect(await about(at(name))).toMatchObject({
    ...{ ok: true, warning: true },
    detail: expect.stringContaining('everybody on this machine may read it') as string,
  });
});

whenRoot('tells which group may read a file, unless it is our own', async () => {
  chmodSync(at('docuelevate-admin'), 0o640);
  expect(await about(at('docuelevate-admin'))).toBeUndefined();
  chownSync(at('docuelevate-admin'), 0, nobody);

  expect(await about(at('docuelevate-admin'))).toMatchObject({
    ...{ ok: true, warning: true },
    detail: expect.stringContaining(`group ${nobody} may read it`) as string,
  });
});

it.each(['keyturn.db-wal', 'keyturn.db-shm'])('tells who may read %s, while the store is in use', async (name) => {
  await inSession(async () => {
    chmodSync(at(name), 0o604);

    expect(await about(at(name))).toMatchObject({ ok: true, warning: true });
  });
});

whenRoot.each(['keyturn.yaml', 'keyturn.keyring.json', 'docuelevate-admin'])('tells whose %s is', async (name) => {
  chownSync(at(name), nobody, nobody);

  expect(await about(at(name))).toMatchObject({
    ok: false,
    detail: expect.stringContaining(`user ${nobody} may change it`) as string,
  });
});

it('tells who may write the folder, and so put other files there', async () => {
  chmodSync(playground.dir, 0o777);

  expect(await about('keyturn.yaml')).toMatchObject({
    ok: false,
    detail: expect.stringContaining(`everybody, who may write ${playground.dir}`) as string,
  });
});

describe('what does not belong together', () => {
  const ring = () => JSON.parse(readFileSync(at('keyturn.keyring.json'), 'utf8')) as Record<string, unknown>;
  const write = (content: object): void => writeFileSync(at('keyturn.keyring.json'), JSON.stringify(content));
  const other = Buffer.alloc(32, 7).toString('base64url');

  it.each(['fingerprint', 'ledger'])('is a ring with another %s key, by its check value', async (name) => {
    write({ ...ring(), [name]: other });

    expect(await about('key ring')).toMatchObject({ ok: false, detail: expect.stringContaining('damaged') as string });
  });

  it('is a ring with another sealing key, by its check value', async () => {
    const { active } = ring() as { active: string };
    write({ ...ring(), sealing: { [active]: other } });

    expect(await about('key ring')).toMatchObject({ ok: false });
  });

  it.each([
    ['opens no value', (active: string) => ({ sealing: { [active]: other } }), 'does not open'],
    ['knows no value again', () => ({ fingerprint: other }), 'fingerprint'],
  ])('is a ring without a check value that %s', async (_, changed, says) => {
    const keys = { ...ring(), check: undefined };
    write({ ...keys, ...changed(String(ring()['active'])) });

    expect(await about('store')).toMatchObject({ ok: false, detail: expect.stringContaining(says) as string });
  });

  it('is a database whose pages are not whole', async () => {
    const database = new DatabaseSync(at('keyturn.db'));
    database.exec('pragma wal_checkpoint(truncate)');
    database.close();
    const bytes = readFileSync(at('keyturn.db'));
    writeFileSync(at('keyturn.db'), bytes.fill(0xff, bytes.length - 4096)); // its last page

    expect(await about('store')).toMatchObject({ ok: false });
  });
});

it('restores a store that nobody else may read, whatever the backup has become', async () => {
  const folder = at('backup');
  await inSession((session) => backUp(session, { folder, actor: 'test' }));
  chmodSync(join(folder, 'keyturn.db'), 0o666);

  const options = { file: playground.file, folder, replace: true, confirm: async () => true, actor: 'test' };
  await restore(options);

  expect(statSync(at('keyturn.db')).mode & 0o777).toBe(0o600);
});

describe('a record of what was done without the store', () => {
  const takenIn = () => inSession(async (session) => session.takenIn);

  it('is taken in when it is ours', async () => {
    await writeDown(recordFileOf(playground.file), { ...act, end: 'ended' });

    expect(await takenIn()).toEqual(['openai']);
  });

  it('is none when it is a folder, and check tells', async () => {
    mkdirSync(recordFileOf(playground.file), { mode: 0o700 });

    expect(await takenIn()).toEqual([]);
    expect(await about(recordFileOf(playground.file))).toMatchObject({ ok: false });
  });

  const changes: [what: string, change: (path: string) => void][] = [
    ['a link', (path) => symlinkSync(at('elsewhere'), path)],
    ['one that others may write', (path) => chmodSync(path, 0o666)],
  ];
  if (process.getuid?.() === 0) changes.push(["another user's", (path) => chownSync(path, nobody, 0)]);

  it.each(changes)('is none when it is %s, and check tells', async (what, change) => {
    const path = recordFileOf(playground.file);
    const target = what === 'a link' ? at('elsewhere') : path;
    writeFileSync(target, `${JSON.stringify({ ...act, end: 'ended' })}\n`, { mode: 0o600 });
    change(path);

    expect(await takenIn()).toEqual([]);
    expect(await about(path)).toMatchObject({ ok: false });
    const before = readFileSync(target, 'utf8');
    await expect(writeDown(path, { ...act, end: 'begun' })).rejects.toThrow();
    expect(readFileSync(target, 'utf8')).toBe(before);
  });
});
