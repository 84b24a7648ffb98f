import { copyFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { headText } from '../../src/domain/ledger-head.js';
import { anchorId } from '../../src/domain/temporal-names.js';
import { deliver } from '../../src/notifications/deliver.js';
import type { Notice } from '../../src/domain/notice.js';
import { backUp } from '../../src/operations/records/backup.js';
import {
  keepAnchor,
  requireNewest,
  whyOlder,
  whyOlderThanTemporal,
} from '../../src/operations/records/ledger-anchor.js';
import { restore } from '../../src/operations/records/restore.js';
import { openSession, type Session } from '../../src/operations/session/session.js';
import { createKeyRing } from '../../src/store/key-ring.js';
import { startTestTemporal, type TestTemporal, until } from '../support/temporal.js';

let temporal: TestTemporal;
let dir: string;
let file: string;
let session: Session;

beforeAll(async () => {
  temporal = await startTestTemporal();
});
afterAll(() => temporal.stop());
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'keyturn-anchor-'));
  file = join(dir, 'keyturn.yaml');
  await writeFile(file, stringify({ store: 'sqlite:./keyturn.db', engines: {}, credentials: {} }));
  await createKeyRing(join(dir, 'keyturn.keyring.json'));
  session = await openSession({ file, create: true });
  await session.store.record({ event: 'early' });
  await reopen(); // so that this much is in the database's own file
});
afterEach(async () => {
  await session.close();
  await rm(dir, { recursive: true });
});

const database = () => join(dir, 'keyturn.db');
const trouble = () => whyOlderThanTemporal(session, temporal.client);
const head = async () => headText(await session.store.head());

async function reopen(): Promise<void> {
  await session.close();
  session = await openSession({ file });
}

/** Workers tell Temporal, which needs a moment to take it. */
async function anchored(): Promise<void> {
  await keepAnchor(session, temporal.client, null);
  const handle = temporal.client.schedule.getHandle(anchorId(session.store.installation));
  const text = await head();
  await until(async () => (await handle.describe()).state.note?.includes(text));
}

/** What lies in the database's own file, without its write-ahead log. */
async function exchangedFor(copy: string): Promise<void> {
  await session.close();
  copyFileSync(copy, database());
  for (const suffix of ['-wal', '-shm']) if (existsSync(database() + suffix)) rmSync(database() + suffix);
}

it('fits what Temporal was told, however far it has come since then', async () => {
  expect(await trouble()).toBeNull();
  await anchored();
  await session.store.record({ event: 'later' });

  expect(await trouble()).toBeNull();
  await anchored();
  expect(await trouble()).toBeNull();
  const { state, info } = await temporal.client.schedule.getHandle(anchorId(session.store.installation)).describe();
  expect({ paused: state.paused, next: info.nextActionTimes }).toEqual({ paused: true, next: [] });
});

it('tells Temporal nothing while nothing is new', async () => {
  const text = await keepAnchor(session, temporal.client, null);

  const silent = { schedule: { getHandle: () => expect('Temporal').toBe('left alone') } } as never;
  expect(await keepAnchor(session, silent, text)).toBe(text);
});

it('says so when its write-ahead log was cut off', async () => {
  copyFileSync(database(), `${database()}.own`);
  await session.store.record({ event: 'late' });
  const known = await session.store.head();
  await anchored();
  await exchangedFor(`${database()}.own`);
  writeFileSync(`${database()}-wal`, '');
  session = await openSession({ file });

  expect(await session.store.verifyLedger()).toMatchObject({ brokenAt: null, statesFit: true });
  expect(await whyOlder(session.store, known)).toMatch(/^The ledger ends at entry 1, but it had 2/);
  expect(await trouble()).toMatch(/^The ledger ends at entry 1, but it had 2/);
  await expect(requireNewest(session, temporal.client)).rejects.toThrow('The ledger ends at entry 1');
});

it('says so when an older copy was put in its place and went on, and Temporal keeps what it knows', async () => {
  await backUp(session, { folder: join(dir, 'backup'), actor: 'ada' });
  await session.store.record({ event: 'late' });
  await anchored();
  await exchangedFor(join(dir, 'backup', 'keyturn.db'));
  session = await openSession({ file });
  for (const event of ['other', 'and more']) await session.store.record({ event });

  expect(await trouble()).toMatch(/^Entry 3 of the ledger is not the one that was there/);
  await expect(keepAnchor(session, temporal.client, null)).rejects.toThrow('Entry 3 of the ledger');
  expect(await trouble()).toMatch(/^Entry 3 of the ledger/);
});

it('is taken for the newest again once it was restored on purpose', async () => {
  const folder = join(dir, 'backup');
  await backUp(session, { folder, actor: 'ada' });
  await session.store.record({ event: 'late' });
  await anchored();
  await session.close();
  await restore({ file, folder, replace: true, confirm: async () => true, actor: 'ada' });
  session = await openSession({ file });

  expect(await trouble()).toBeNull();
  await anchored();
  expect(await trouble()).toBeNull();
});

it('is told with every notification', async () => {
  const notice = { id: 'one', event: 'overdue', at: Date.now(), summary: 'a test', detail: null } as const;
  await session.store.addNotices(['webhook'], [notice]);
  const sent: Notice[] = [];

  await deliver(session.store, { name: 'webhook', send: async (one) => void sent.push(one) });

  expect(sent).toEqual([{ ...notice, ledger: await head() }]);
});
