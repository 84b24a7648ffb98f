import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createKeyRing, loadKeyRing } from '../../src/store/key-ring.js';
import { openStore } from '../../src/store/open-store.js';
import { fill, mountable } from './disk.js';
import { expectTold, type Fixture, startFixture } from './fixture.js';

let fixture: Fixture;
let clean: string;

beforeAll(async () => {
  fixture = await startFixture();
  await fixture.adopt();
  clean = join(fixture.dir, 'clean');
  mkdirSync(clean);
  for (const file of files) cpSync(at(file), join(clean, file));
});
afterAll(() => fixture.stop());
afterEach(() => {
  for (const file of [...files, 'keyturn.db-wal', 'keyturn.db-shm']) rmSync(at(file), { force: true });
  for (const file of files) cpSync(join(clean, file), at(file));
});

const files = ['keyturn.yaml', 'keyturn.db', 'keyturn.keyring.json'];
const at = (file: string): string => join(fixture.dir, file);

it('names the line where a half-written configuration stops making sense', async () => {
  const text = readFileSync(at('keyturn.yaml'), 'utf8');
  writeFileSync(at('keyturn.yaml'), `${text.slice(0, text.indexOf('provider:'))}provider: { adminKey: { file: `);

  const [status, check] = await Promise.all([fixture.keyturn('status'), fixture.keyturn('check', '--json')]);

  expectTold(status, 2, 'keyturn.yaml:', 'Nothing was started and nothing was changed');
  expect(check.code).toBe(1);
  expect(check.json<{ checks: object[] }>().checks.at(-1)).toMatchObject({ what: 'configuration', ok: false });
});

it('never shows again what was written where nothing belongs', async () => {
  const value = 'sk-proj-0123456789abcdef';
  const given = [['adopt', 'openai', value], [value], ['adopt', 'openai', `--value=${value}`]];

  for (const ended of await Promise.all(
    given.flatMap((each) => [each, [...each, '--json']]).map((each) => fixture.keyturn(...each)),
  ))
    expect({ code: ended.code, shown: (ended.stdout + ended.stderr).includes(value) }).toEqual({
      code: 2,
      shown: false,
    });
  expect((await fixture.keyturn('adopt', 'openai', value)).stderr).toContain('history');
  expect((await fixture.keyturn('rotat')).stderr).toContain("unknown command 'rotat'");
});

it('writes down no reason that holds a value, whatever the command', async () => {
  const value = fixture.scenario.adopted['key'] ?? '';
  const reason = ['--reason', `somebody pasted "${value}", see the ticket`];

  const commands = [
    ['rotate', 'openai', ...reason],
    ['decide', 'openai', 'retry', '--question', 'q-1', ...reason],
    ['emergency', 'openai', '--yes', ...reason],
    ['schedules', 'pause', 'openai', ...reason],
    ['forget', 'openai', '--yes', '--actor', value],
  ];

  for (const ended of await Promise.all(commands.map((command) => fixture.keyturn(...command)))) {
    expectTold(ended, 2, 'holds the value of version 1 of openai', 'history');
    expect(ended.stdout + ended.stderr).not.toContain(value);
  }
  expect((await fixture.keyturn('ledger')).stdout).not.toContain('somebody pasted');
});

it('records the user of the system beside whoever it is told, and nobody who is not named', async () => {
  const backup = await fixture.keyturn('backup', 'kept', '--actor', 'The CFO');
  const nobody = await fixture.keyturn('backup', 'kept', '--actor', ' ');

  expect(backup.code).toBe(0);
  expect((await fixture.keyturn('ledger')).stdout).toContain(`by The CFO (${userInfo().username} on this system)`);
  expectTold(nobody, 2, '--actor', 'Nothing was changed');
});

it('makes no configuration and no store by itself', async () => {
  renameSync(at('keyturn.db'), at('keyturn.db.away'));

  const [noStore, noConfig] = await Promise.all([
    fixture.keyturn('status'),
    fixture.keyturn('status', '--config', 'other.yaml'),
  ]);

  expectTold(noStore, 1, 'no database', 'keyturn init');
  expectTold(noConfig, 2, 'other.yaml', 'keyturn init');
  expect(existsSync(at('keyturn.db'))).toBe(false);
});

it('looks at nothing when what belongs to a deep check is asked for without one', async () => {
  for (const option of [['--rotate-to-itself'], ['--restart', 'before']])
    expectTold(await fixture.keyturn('check', ...option), 2, 'need --deep', 'Nothing was checked');
});

it('shows a value to nobody who is no person at a terminal', async () => {
  const reveal = ['reveal', 'openai', '--reason', 'a test'];

  for (const refused of await Promise.all([fixture.keyturn(...reveal), fixture.keyturn(...reveal, '--json')])) {
    expectTold(refused, 2, 'only in a terminal', 'Nothing was shown');
    expect(refused.stdout + refused.stderr).not.toContain(fixture.scenario.adopted['key']);
  }
});

it('waits for a locked database no longer than a second, and can be run again', async () => {
  const other = new DatabaseSync(at('keyturn.db'));
  other.exec('begin immediate');

  const locked = await fixture.keyturn('status', '--json');
  other.exec('rollback');
  other.close();

  expectTold(locked, 1, 'in use by another process', 'Run the same command again');
  expect(locked.json()).toMatchObject({ error: { state: 'Nothing was changed.' } });
  expect((await fixture.keyturn('status')).code).toBe(0);
});

it('says that the key ring is missing, or that it is another one', async () => {
  rmSync(at('keyturn.keyring.json'));
  const missing = await fixture.keyturn('status');
  await createKeyRing(at('keyturn.keyring.json'));
  const [different, check] = await Promise.all([fixture.keyturn('status'), fixture.keyturn('check', '--json')]);

  expectTold(missing, 1, 'no key ring');
  expectTold(different, 1, 'installation');
  expect(check.code).toBe(1);
  expect(check.json<{ checks: object[] }>().checks.at(-1)).toMatchObject({ what: 'store', ok: false });
});

it('uses no key ring that others can read', async () => {
  chmodSync(at('keyturn.keyring.json'), 0o644);

  expectTold(await fixture.keyturn('status'), 1, 'can be read by other users', 'chmod 600');
});

it('shows which ledger entry was changed', async () => {
  const database = new DatabaseSync(at('keyturn.db'));
  database.exec("update ledger set entry = replace(entry, 'adopted', 'removed') where seq = 1");
  database.close();

  const [verified, status] = await Promise.all([
    fixture.keyturn('ledger', '--verify', '--json'),
    fixture.keyturn('status'),
  ]);

  expect([verified.code, status.code]).toEqual([1, 1]);
});

const disk = mountable();
(disk ? describe : describe.skip)('on a disk of its own', () => {
  beforeAll(() => {
    mkdirSync(at('disk'));
    mount('tmpfs', '-o', 'size=512k');
  });
  afterAll(() => execFileSync('umount', [at('disk')]));
  beforeEach(async () => {
    mount('none', '-o', 'remount,rw');
    for (const file of ['keyturn.db', 'keyturn.db-wal', 'keyturn.db-shm', 'ballast'])
      rmSync(at(`disk/${file}`), { force: true });
    const ring = await loadKeyRing({ file: at('keyturn.keyring.json') });
    await (await openStore({ url: `sqlite:${at('disk/keyturn.db')}`, ring, create: true })).destroy();
    fixture.edit('sqlite:./keyturn.db', 'sqlite:./disk/keyturn.db');
  });
  const mount = (device: string, ...options: string[]): void => {
    execFileSync('mount', [...(device === 'none' ? [] : ['-t', device, device]), ...options, at('disk')]);
  };
  const adopt = () => fixture.start(['adopt', 'openai', '--stdin'], fixture.scenario.adopted['key']).ended;

  it('says that the database cannot be written', async () => {
    mount('none', '-o', 'remount,ro');

    expectTold(await adopt(), 1, 'disk/keyturn.db', 'cannot be', 'Nothing was changed');
  });

  it.each(['closed', 'open'])('says that the disk is full when the database was %s before', async (before) => {
    const other = before === 'open' ? new DatabaseSync(at('disk/keyturn.db')) : null;
    other?.exec('select * from ledger');
    fill(at('disk/ballast'));

    const full = await adopt();
    rmSync(at('disk/ballast'));
    other?.close();

    expectTold(full, 1, 'database', 'space');
    expect((await adopt()).code).toBe(0);
  });
});
