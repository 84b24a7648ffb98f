import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/common';
import { createDeliveryActivities, type DeliveryActivities } from '../../../activities/delivery/activities.js';
import { Target } from '../../../activities/delivery/target.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { type Bench, failureOf, randomValue, startBench } from '../bench.js';

let bench: Bench;
let folder: string;
let file: string;
let old: VersionRef;
let next: VersionRef;
let values: { old: string; next: string };
let feedsEngine: boolean;

beforeEach(async () => {
  bench = await startBench();
  feedsEngine = true;
  folder = mkdtempSync(join(tmpdir(), 'keyturn-delivery-'));
  file = join(folder, 'value');
  values = { old: randomValue(), next: randomValue() };
  await bench.adopt({ key: values.old });
  const rotation = await bench.rotate();
  [old, next] = [rotation.current!, rotation.next];
  await bench.give(next, { key: values.next });
});
afterEach(async () => {
  await bench.close();
  rmSync(folder, { recursive: true });
});

function to(...targets: object[]): DeliveryActivities {
  return createDeliveryActivities({
    store: bench.store,
    deliveries: () => ({ targets: targets.map((target) => Target.parse(target)), part: 'key', feedsEngine }),
    environment: (name) => (name === 'PATH' ? process.env['PATH'] : undefined),
  });
}
const deliver = (activities: DeliveryActivities, ref = next) => bench.attempt(() => activities.deliver(ref));
const restore = (activities: DeliveryActivities) => bench.attempt(() => activities.restore(next));
const look = (activities: DeliveryActivities, ref = next) => bench.attempt(() => activities.isDelivered(ref));
const engineOf = async (ref: VersionRef) => (await bench.store.read(ref)).engine;

describe('into a file', () => {
  it('replaces it in one step, with its mode, and keeps what was there', async () => {
    writeFileSync(file, values.old);
    const target = to({ file, mode: '0640' });

    await deliver(target);
    await deliver(target);

    expect(readFileSync(file, 'utf8')).toBe(values.next);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toHaveLength(2);
    expect(await look(target)).toMatchObject({ kind: 'setting-ours', outcome: 'proved' });
    expect([await engineOf(old), await engineOf(next)]).toEqual(['no', 'yes']);
  });

  it('puts back what was there, and leaves nothing behind', async () => {
    writeFileSync(file, values.old);
    const target = to({ file });
    await deliver(target);

    await restore(target);
    await restore(target);

    expect(readFileSync(file, 'utf8')).toBe(values.old);
    expect(readdirSync(folder)).toEqual(['value']);
    expect([await engineOf(old), await engineOf(next)]).toEqual(['yes', 'no']);
  });

  it('takes the file away again where there was none', async () => {
    const target = to({ file });
    await deliver(target);

    await restore(target);

    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves alone what somebody has changed since', async () => {
    const target = to({ file });
    await deliver(target);
    writeFileSync(file, 'by hand');

    expect(await failureOf(restore(target))).toMatchObject({ type: 'NeedsDecision' });
    expect(await look(target)).toMatchObject({ outcome: 'failed' });
    expect(readFileSync(file, 'utf8')).toBe('by hand');
  });

  it('does not write over what somebody has put in the place of an earlier version', async () => {
    const target = to({ file });
    await deliver(target);
    await bench.promote(next);
    const { next: third } = await bench.rotate();
    await bench.give(third, { key: randomValue() });
    writeFileSync(file, 'by hand');

    expect(await failureOf(deliver(target, third))).toMatchObject({ type: 'NeedsDecision' });
    expect(readFileSync(file, 'utf8')).toBe('by hand');
  });

  it('forgets what was there once the earlier version is retired', async () => {
    writeFileSync(file, values.old);
    const target = to({ file });
    await deliver(target);

    await bench.attempt(() => target.forgetEarlier(next));

    expect(readdirSync(folder)).toEqual(['value']);
  });

  it('has whoever uses it read it again', async () => {
    const told = join(folder, 'told');

    await deliver(to({ file, reload: ['cp', file, told] }));

    expect(readFileSync(told, 'utf8')).toBe(values.next);
  });

  it('says what is wrong with a folder it may not write to, and shows no value', async () => {
    const failure = await failureOf(deliver(to({ file: join(folder, 'value', 'below') })));

    expect(failure.message).not.toContain(values.next);
  });
});

describe('into an environment file', () => {
  const content = (value: string): string =>
    `# comment\nexport A='1'\n\nKEY=${value}\nB="two\nKEY=not this one\n" # more\nC=3`;

  it('changes one variable and nothing else, and puts it back', async () => {
    writeFileSync(file, content('former # a comment'));
    chmodSync(file, 0o644);
    const target = to({ envFile: file, variable: 'KEY' });

    await deliver(target);

    expect(readFileSync(file, 'utf8')).toBe(content(`${values.next} # a comment`));
    expect(statSync(file).mode & 0o777).toBe(0o644);
    expect(await look(target)).toMatchObject({ outcome: 'proved' });

    await restore(target);

    expect(readFileSync(file, 'utf8')).toBe(content('former # a comment'));
    expect(readdirSync(folder)).toEqual(['value']);
  });

  it('adds a variable that is not there, and takes it away again', async () => {
    writeFileSync(file, 'A=1');
    const target = to({ envFile: file, variable: 'KEY' });

    await deliver(target);
    expect(readFileSync(file, 'utf8')).toBe(`A=1\nKEY=${values.next}\n`);

    await restore(target);
    expect(readFileSync(file, 'utf8')).toBe('A=1\n');
  });

  it('keeps what another credential writes into the same file at the same time', async () => {
    const target = to({ envFile: file, variable: 'KEY' }, { envFile: file, variable: 'OTHER' });

    await deliver(target);

    expect(readFileSync(file, 'utf8')).toBe(`KEY=${values.next}\nOTHER=${values.next}\n`);
  });
});

describe('beside an engine that gets its values otherwise', () => {
  beforeEach(() => {
    feedsEngine = false;
  });

  it('says nothing of what the engine holds, neither forth nor back', async () => {
    const target = to({ file });
    await deliver(target);
    expect(await look(target)).toMatchObject({ kind: 'delivered', outcome: 'proved' });

    await restore(target);

    expect(readdirSync(folder)).toEqual([]);
    expect([await engineOf(old), await engineOf(next)]).toEqual(['maybe', 'never']);
  });

  it('takes nothing back that was never begun', async () => {
    writeFileSync(file, 'by hand');

    await restore(to({ file }, { command: ['/nowhere/program'] }));

    expect(readFileSync(file, 'utf8')).toBe('by hand');
  });

  it('may come to another place than the version before', async () => {
    await deliver(to({ file }));
    await bench.promote(next);
    const { next: third } = await bench.rotate();
    await bench.give(third, { key: randomValue() });
    const other = join(folder, 'other');
    writeFileSync(other, 'whatever');

    await deliver(to({ file: other }), third);

    expect(await look(to({ file: other }), third)).toMatchObject({ outcome: 'proved' });
  });
});

describe('before anything is delivered', () => {
  const check = (activities: DeliveryActivities) => bench.attempt(() => activities.checkAccess(old.credential));

  it('finds that files can be replaced and programs are there', async () => {
    const reload = [process.execPath];

    expect(await check(to({ file, reload }, { envFile: file, variable: 'KEY' }, { command: ['cp'] }))).toEqual([
      { what: file, ok: true, detail: 'it will be created' },
      { what: process.execPath, ok: true, detail: process.execPath },
      { what: `KEY in ${file}`, ok: true, detail: 'it will be created' },
      { what: 'cp', ok: true, detail: expect.stringMatching(/\/cp$/) as string },
    ]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('names the folder that is not there and the program that is not on PATH', async () => {
    const found = await check(to({ file: join(folder, 'nowhere', 'value') }, { command: ['no-such-program'] }));

    expect(found.map(({ ok }) => ok)).toEqual([false, false]);
    expect(found[0]?.detail).toContain(join(folder, 'nowhere'));
    expect(found[1]?.detail).toContain('on PATH');
  });
});

describe('to a command', () => {
  const keep = (name: string): string[] => [
    process.execPath,
    '-e',
    `require('fs').writeFileSync(${JSON.stringify(name)}, require('fs').readFileSync(0))`,
  ];

  it('gives the value on standard input, and the former one when it is taken back', async () => {
    const target = to({ command: keep(file) });

    await deliver(target);
    expect(readFileSync(file, 'utf8')).toBe(values.next);
    expect(await look(target)).toMatchObject({ outcome: 'not-observable' });

    await restore(target);
    expect(readFileSync(file, 'utf8')).toBe(values.old);
  });

  it('passes nothing of our own environment on but where programs are', async () => {
    const print = [
      process.execPath,
      '-e',
      `require('fs').writeFileSync(${JSON.stringify(file)}, Object.keys(process.env).join())`,
    ];

    await deliver(to({ command: print }));

    expect(
      readFileSync(file, 'utf8')
        .split(',')
        .filter((name) => !name.startsWith('__')),
    ).toEqual(['PATH']);
  });

  it('lets a program finish that runs when the activity is cancelled, and starts none afterwards', async () => {
    const [begun, command] = [`${file}.begun`, keep(file)];
    const slow = `require('fs').writeFileSync(${JSON.stringify(begun)}, ''); setTimeout(() => { ${command[2]} }, 100)`;
    const cancellation = new AbortController();
    const { signal } = cancellation;

    const running = bench.attempt(() => to({ command: [command[0], '-e', slow] }).deliver(next), { signal });
    while (!existsSync(begun)) await new Promise(setImmediate);
    cancellation.abort();
    await running;
    const held = readFileSync(file, 'utf8');
    rmSync(file);
    const late = bench.attempt(() => to({ command }).deliver(next), { signal });

    expect(held).toBe(values.next);
    await expect(late).rejects.toBeInstanceOf(CancelledFailure);
    expect(existsSync(file)).toBe(false);
  });

  it('says by which code it ended, and nothing of what it said', async () => {
    const fails = [process.execPath, '-e', 'process.stdin.pipe(process.stderr); process.exitCode = 3'];

    const failure = await failureOf(deliver(to({ command: fails })));

    expect(failure).toMatchObject({ nonRetryable: false });
    expect(failure.message).toContain('exit code 3');
    expect(failure.message).not.toContain(values.next);
  });

  it('needs a program that is there', async () => {
    expect(await failureOf(deliver(to({ command: ['/nowhere/program'] })))).toMatchObject({ type: 'Rejected' });
    expect(existsSync(file)).toBe(false);
  });
});
