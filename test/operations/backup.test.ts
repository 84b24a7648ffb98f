import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { backUp, type BackupOptions } from '../../src/operations/records/backup.js';
import { restore, type RestoreOptions } from '../../src/operations/records/restore.js';
import { openSession, type Session } from '../../src/operations/session/session.js';
import { createKeyRing } from '../../src/store/key-ring.js';
import { adopted, randomValue } from '../store/fixtures.js';

let dir: string;
let file: string;
let session: Session;
const value = randomValue();

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'keyturn-backup-'));
  file = join(dir, 'keyturn.yaml');
  await writeFile(file, stringify({ store: 'sqlite:./keyturn.db', engines: {}, credentials: {} }));
  await createKeyRing(ring());
  session = await openSession({ file, create: true });
  await session.store.adopt(adopted({ key: value }));
});
afterEach(async () => {
  await session.close();
  await rm(dir, { recursive: true });
});

const folder = () => join(dir, 'backup');
const ring = () => join(dir, 'keyturn.keyring.json');
const backup = (change: Partial<BackupOptions> = {}) => backUp(session, { folder: folder(), actor: 'ada', ...change });
const back = (change: Partial<RestoreOptions> = {}) =>
  restore({ file, folder: folder(), replace: false, confirm: async () => true, actor: 'ada', ...change });
const filesHere = () => readdirSync(dir).filter((name) => name.startsWith('keyturn.db'));

/** The ledger grows after the backup, and then everything is stopped. */
async function goOnAndStop(): Promise<void> {
  await session.store.record({ event: 'later' });
  await session.close();
}

async function reopen(): Promise<Session['store']> {
  session = await openSession({ file });
  return session.store;
}

describe('A backup', () => {
  it('holds the store and a manifest, for its owner only, and neither secrets nor the key ring', async () => {
    const manifest = await backup();

    expect(readdirSync(folder()).sort()).toEqual(['keyturn.db', 'manifest.json']);
    for (const name of readdirSync(folder())) expect(statSync(join(folder(), name)).mode & 0o077).toBe(0);
    const { entries, head } = await session.store.verifyLedger();
    expect(manifest).toMatchObject({ installation: session.store.installation, ledger: { entries, head } });
    expect(JSON.parse(readFileSync(join(folder(), 'manifest.json'), 'utf8'))).toEqual(manifest);
    const written = readdirSync(folder()).map((name) => readFileSync(join(folder(), name), 'latin1'));
    const { sealing } = JSON.parse(readFileSync(ring(), 'utf8')) as { sealing: Record<string, string> };
    for (const secret of [value, ...Object.values(sealing)]) expect(written.join().includes(secret)).toBe(false);
    expect((await session.store.ledger()).at(-1)).toMatchObject({ event: 'backed-up', actor: 'ada' });
  });

  it('never replaces another one', async () => {
    await backup();

    await expect(backup()).rejects.toThrow('is not empty');
  });

  it('puts a copy of the key ring apart, and refuses to put it into the same folder', async () => {
    await expect(backup({ withRing: join(folder(), 'ring.json') })).rejects.toThrow('must not lie in the backup');
    expect(existsSync(folder())).toBe(false);

    await backup({ withRing: join(dir, 'safe.json') });

    expect(readFileSync(join(dir, 'safe.json'), 'utf8')).toBe(readFileSync(ring(), 'utf8'));
    expect(statSync(join(dir, 'safe.json')).mode & 0o077).toBe(0);
  });
});

describe('A restore', () => {
  it('brings back a store that was lost, and asks for a reconciliation', async () => {
    await backup();
    await session.close();
    for (const name of filesHere()) await rm(join(dir, name));

    expect(await back()).toMatchObject({ kept: null });

    const store = await reopen();
    expect(await store.unseal({ credential: 'openai', number: 1 })).toEqual({ key: value });
    expect(await store.unreconciledSince('openai')).not.toBeNull();
    expect(filesHere().filter((name) => name.includes('restoring'))).toEqual([]);
  });

  it('refuses while somebody uses the store', async () => {
    await backup();

    await expect(back({ replace: true })).rejects.toThrow('is in use');
  });

  it('does not overwrite a newer store unless it is told to, and a person confirms it', async () => {
    await backup();
    await goOnAndStop();

    await expect(back()).rejects.toMatchObject({
      message: expect.stringContaining('is newer than the backup: it has 1 more') as string,
      next: expect.stringContaining('--replace') as string,
    });
    await expect(back({ replace: true, confirm: async () => false })).rejects.toThrow('was not confirmed');
    expect((await (await reopen()).ledger()).at(-1)).toMatchObject({ event: 'later' });
  });

  it('keeps the database that it replaces beside it', async () => {
    await backup();
    await goOnAndStop();

    const { kept } = await back({ replace: true });

    expect((await (await reopen()).ledger()).at(-1)).toMatchObject({ event: 'restored', actor: 'ada' });
    const old = readFileSync(kept!, 'latin1');
    expect(old).toContain('"event":"later"');
  });

  it('needs no confirmation for a store that is not newer', async () => {
    await backup();
    await session.close();

    await back();

    expect((await (await reopen()).ledger()).at(-1)).toMatchObject({ event: 'restored' });
  });

  it('cannot tell whether a store of another history or a damaged one is newer, so it asks', async () => {
    await backup();
    await session.close();
    await back();
    session = await openSession({ file });
    for (let entry = 0; entry < 3; entry++) await session.store.record({ event: 'another history' });
    await session.close();
    const restored = back();

    await expect(restored).rejects.toThrow('is newer than the backup');
    writeFileSync(join(dir, 'keyturn.db'), 'Dear reader, this is not a database at all.'.repeat(100));
    await expect(back()).rejects.toThrow('cannot be compared with the backup');
    expect((await back({ replace: true })).kept).not.toBeNull();
    await reopen();
  });

  it('refuses a key ring that does not fit, before it looks at anything else', async () => {
    await backup();
    await session.close();
    await rm(ring());
    await createKeyRing(ring());

    await expect(back()).rejects.toThrow('The backup is of installation');
  });

  it('refuses a backup that was changed', async () => {
    await backup();
    await session.close();
    const database = join(folder(), 'keyturn.db');
    writeFileSync(database, Buffer.concat([readFileSync(database), Buffer.from('x')]));

    await expect(back()).rejects.toThrow('is not the one its manifest describes');
    await expect(back({ folder: dir })).rejects.toThrow('is not a backup that Keyturn made');
    session = await openSession({ file });
  });

  it('refuses a backup whose ledger is not the one described', async () => {
    await backup();
    const manifest = join(folder(), 'manifest.json');
    const text = JSON.parse(readFileSync(manifest, 'utf8')) as { ledger: { entries: number; head: string } };
    text.ledger.entries -= 1;
    writeFileSync(manifest, JSON.stringify(text));
    await session.close();

    await expect(back()).rejects.toThrow('not the one that its manifest describes');
    session = await openSession({ file });
  });
});
