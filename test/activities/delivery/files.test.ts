import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDeliveryActivities, type DeliveryActivities } from '../../../activities/delivery/activities.js';
import { Target } from '../../../activities/delivery/target.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { type Bench, failureOf, randomValue, startBench } from '../bench.js';

let bench: Bench;
let folder: string;
let file: string;
let next: VersionRef;
let value: string;

beforeEach(async () => {
  bench = await startBench();
  folder = mkdtempSync(join(tmpdir(), 'keyturn-files-'));
  file = join(folder, 'odd file');
  value = randomValue();
  await bench.adopt({ key: randomValue() });
  ({ next } = await bench.rotate());
  await bench.give(next, { key: value });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await bench.close();
  rmSync(folder, { recursive: true });
});

const isRoot = process.getuid?.() === 0;
const whenRoot = isRoot ? it : it.skip;

function to(target: object): DeliveryActivities {
  return createDeliveryActivities({
    store: bench.store,
    deliveries: () => ({ targets: [Target.parse(target)], part: 'key', feedsEngine: false }),
    environment: () => undefined,
  });
}
const variable = (): DeliveryActivities => to({ envFile: file, variable: 'OPENAI_API_KEY' });
const deliver = (activities: DeliveryActivities) => bench.attempt(() => activities.deliver(next));
const restore = (activities: DeliveryActivities) => bench.attempt(() => activities.restore(next));
const check = async (activities: DeliveryActivities) =>
  (await bench.attempt(() => activities.checkAccess(next.credential)))[0];

describe('whatever else a file holds', () => {
  const mark = Buffer.from([0xef, 0xbb, 0xbf]);
  const latin = Buffer.from('# gepr\u00FCft von J\u00F6rg\n', 'latin1');
  it.each([
    ['a byte order mark', (key: string) => Buffer.concat([mark, Buffer.from(`OPENAI_API_KEY=${key}\nB=2\n`)])],
    ['another encoding', (key: string) => Buffer.concat([latin, Buffer.from(`OPENAI_API_KEY=${key}\n`)])],
    ['line ends of Windows', (key: string) => Buffer.from(`A=1\r\nOPENAI_API_KEY=${key}\r\nB=2\r\n`)],
    ['a comment behind the value', (key: string) => Buffer.from(`OPENAI_API_KEY=${key} # production\nB=2\n`)],
    ['a comment and nothing before it', (key: string) => Buffer.from(`OPENAI_API_KEY=${key} # to be filled in`)],
    ['spaces around', (key: string) => Buffer.from(`  export OPENAI_API_KEY = ${key}  \t\n`)],
  ])('stays byte for byte: %s', async (what, content) => {
    const former = what.includes('nothing') ? '' : 'sk-old';
    writeFileSync(file, content(former));

    await deliver(variable());
    expect(readFileSync(file).toString('latin1')).toBe(content(value).toString('latin1'));

    await restore(variable());
    expect(readFileSync(file).toString('latin1')).toBe(content(former).toString('latin1'));
  });

  it('gets a new line with the line end that it has', async () => {
    writeFileSync(file, 'A=1\r\nB=2');

    await deliver(variable());

    expect(readFileSync(file, 'latin1')).toBe(`A=1\r\nB=2\r\nOPENAI_API_KEY=${value}\r\n`);
  });

  it('keeps its mark when its only variable goes', async () => {
    writeFileSync(file, mark);

    await deliver(variable());
    await restore(variable());

    expect(readFileSync(file)).toEqual(mark);
  });

  it('is put back as it was, whatever it was', async () => {
    const content = Buffer.from([0, 0xff, 0xfe, 0x80, 0x0a]);
    writeFileSync(file, content);

    await deliver(to({ file }));
    await restore(to({ file }));

    expect(readFileSync(file)).toEqual(content);
  });

  it('takes a value that is no ASCII', async () => {
    writeFileSync(file, 'A=1\n');
    const { next: other } = await bench.rotate();
    await bench.give(other, { key: 'pässwörd' });

    await bench.attempt(() => variable().deliver(other));

    expect(readFileSync(file, 'utf8')).toBe(`A=1\nOPENAI_API_KEY='pässwörd'\n`);
    expect(await bench.attempt(() => variable().isDelivered(other))).toMatchObject({ outcome: 'proved' });
  });

  it('is left alone where it is UTF-16, and the check says it', async () => {
    writeFileSync(file, Buffer.from('\uFEFFOPENAI_API_KEY=sk-old\r\n', 'utf16le'));

    expect(await check(variable())).toMatchObject({ ok: false, detail: expect.stringContaining('UTF-16') as string });
    expect((await failureOf(deliver(variable()))).message).toContain('UTF-16');
  });
});

describe('whose a file is', () => {
  whenRoot('stays as it was, unless the configuration says otherwise', async () => {
    writeFileSync(file, 'old');
    chownSync(file, 1234, 1235);
    chmodSync(file, 0o440);

    await deliver(to({ file }));

    expect(statSync(file)).toMatchObject({ uid: 1234, gid: 1235, mode: 0o100440 });
    await restore(to({ file, mode: '0400', owner: '1:2' }));
    expect(statSync(file)).toMatchObject({ uid: 1, gid: 2, mode: 0o100400 });
  });

  it('is for its owner alone when it is new', async () => {
    await deliver(to({ file }));

    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('includes its access list', async () => {
    writeFileSync(file, 'OPENAI_API_KEY=sk-old\n', { mode: 0o600 });
    if (!mayRead(4321)) return;

    await deliver(variable());

    expect(listOf(file)).toContain('4321');
  });

  it('is seen beforehand where Keyturn cannot give it back to its owner', async () => {
    writeFileSync(file, 'old');
    jest.spyOn(process, 'getuid').mockReturnValue(4321);

    const detail = expect.stringMatching(/has to belong to \d+:\d+.*run Keyturn as that user/) as string;
    expect(await check(to({ file }))).toMatchObject({ ok: false, detail });
  });

  it('is told where everybody may read it', async () => {
    writeFileSync(file, 'old');
    chmodSync(file, 0o644);

    expect(await check(to({ file }))).toMatchObject({ ok: true, warning: true });
    expect(await check(to({ file, mode: '0640' }))).not.toHaveProperty('warning');
  });

  /** As `setfacl -m u:<user>:r` does it; false where it cannot be done here. */
  function mayRead(user: number): boolean {
    const entry = (tag: number, rights: number, id = 0xffffffff): string => `e(${tag},${rights},${id})`;
    const list = [entry(1, 6), entry(2, 4, user), entry(4, 0), entry(16, 4), entry(32, 0)].join('+');
    const pack = 'import os,struct,sys; e=lambda *a: struct.pack("<HHI",*a); ';
    const set = `os.setxattr(sys.argv[1],"system.posix_acl_access",struct.pack("<I",2)+${list})`;
    return spawnSync('python3', ['-c', pack + set, file]).status === 0;
  }

  function listOf(path: string): string {
    const show =
      'import os,struct,sys; a=os.getxattr(sys.argv[1],"system.posix_acl_access")[4:]; print([x[2] for x in struct.iter_unpack("<HHI",a)])';
    return spawnSync('python3', ['-c', show, path], { encoding: 'utf8' }).stdout;
  }
});

describe('a place that cannot be written to', () => {
  it('is a folder that is missing', async () => {
    const target = to({ file: join(folder, 'nowhere', 'value') });
    const detail = `there is no folder ${join(folder, 'nowhere')}: create it, writable for Keyturn's user`;

    expect(await check(target)).toMatchObject({ ok: false, detail });
    expect((await failureOf(deliver(target))).message).toBe(detail);
    await bench.attempt(() => target.forgetEarlier(next));
  });

  it('is a directory where the file should be', async () => {
    mkdirSync(file);

    expect(await check(variable())).toMatchObject({ ok: false, detail: expect.stringContaining('Docker') as string });
    expect((await failureOf(deliver(variable()))).message).toContain(`${file} is a directory`);
  });

  whenRoot('is a file that is mounted by itself', async () => {
    const source = join(folder, 'source');
    writeFileSync(source, 'OPENAI_API_KEY=sk-old\n');
    writeFileSync(file, '');
    if (spawnSync('mount', ['--bind', source, file]).status !== 0) return;
    try {
      const detail = expect.stringContaining('mount its folder instead') as string;
      expect(await check(variable())).toMatchObject({ ok: false, detail });
      expect((await failureOf(deliver(variable()))).message).toContain('mount its folder instead');
      expect(readFileSync(source, 'utf8')).toBe('OPENAI_API_KEY=sk-old\n');
      expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
    } finally {
      spawnSync('umount', [file]);
    }
  });
});
