import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDeliveryActivities, type DeliveryActivities } from '../../../activities/delivery/activities.js';
import { replaceFile } from '../../../activities/delivery/files.js';
import { LocalFiles } from '../../../activities/delivery/local-files.js';
import { Target } from '../../../activities/delivery/target.js';
import type { VersionRef } from '../../../src/domain/version.js';
import type { Store } from '../../../src/store/store.js';
import { type Bench, failureOf, randomValue, startBench } from '../bench.js';

let bench: Bench;
let folder: string;
let file: string;
let next: VersionRef;
let value: string;
const { replace } = { replace: Reflect.get(LocalFiles.prototype, 'replace') };

beforeEach(async () => {
  bench = await startBench();
  folder = mkdtempSync(join(tmpdir(), 'keyturn-late-'));
  file = join(folder, 'value');
  value = randomValue();
  await bench.adopt({ key: randomValue() });
  ({ next } = await bench.rotate());
  await bench.give(next, { key: value });
});
afterEach(async () => {
  LocalFiles.prototype.replace = replace;
  jest.restoreAllMocks();
  await bench.close();
  rmSync(folder, { recursive: true });
});

function to(target: object, store: Store = bench.store): DeliveryActivities {
  return createDeliveryActivities({
    store,
    deliveries: () => ({ targets: [Target.parse(target)], part: 'key', feedsEngine: false }),
    environment: () => undefined,
  });
}
const files = () => readdirSync(folder).sort();

/** Once, a process is frozen just before a file of this name takes its place, and something happens meanwhile. */
function frozenBefore(path: string, meanwhile: () => void | Promise<void>): void {
  LocalFiles.prototype.replace = async function (replaced, replacement) {
    if (replaced === path) {
      LocalFiles.prototype.replace = replace;
      await meanwhile();
    }
    return replace.call(this, replaced, replacement);
  };
}

/** As another process does it, which has taken the place over. */
const another = (content: string) => replaceFile(file, content);

describe('a delivery that was frozen just before its file takes its place', () => {
  it('puts nothing there when another rotation has begun', async () => {
    frozenBefore(file, async () => void (await bench.rotate()));

    expect(await failureOf(bench.attempt(() => to({ file }).deliver(next)))).toMatchObject({ type: 'FenceLost' });
    expect(files()).toEqual(['value.keyturn-openai-before-v2']);
  });

  it('puts nothing there when somebody else may do it by now, even if it asked just before', async () => {
    const fence: Store['fence'] = async (...asked) => {
      const at = await bench.store.fence(...asked);
      const now = Date.now();
      if (readdirSync(folder).some((name) => name.startsWith('.value.')))
        // written, and not in place yet
        jest.spyOn(Date, 'now').mockReturnValue(now + 10_001);
      return at;
    };
    const target = to({ file }, { ...bench.store, fence });

    const failure = await failureOf(bench.attempt(() => target.deliver(next), { leaseMs: 10_000 }));

    expect(failure).toMatchObject({
      nonRetryable: false,
      message: expect.stringContaining('was not changed') as string,
    });
    expect(files()).toEqual(['value.keyturn-openai-before-v2']);
  });

  it('finds its own file gone when another one was put there, whatever it believes of itself', async () => {
    const target = to({ file }, { ...bench.store, fence: async () => Date.now() });
    frozenBefore(file, () => another('new'));

    const failure = await failureOf(bench.attempt(() => target.deliver(next)));

    expect(failure).toMatchObject({ nonRetryable: false });
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(files()).toEqual(['value', 'value.keyturn-openai-before-v2']);
  });

  it('takes nothing back either', async () => {
    const target = to({ file });
    writeFileSync(file, 'old');
    await bench.attempt(() => target.deliver(next));
    frozenBefore(file, async () => void (await bench.rotate()));

    expect(await failureOf(bench.attempt(() => target.restore(next)))).toMatchObject({ type: 'FenceLost' });
    expect(readFileSync(file, 'utf8')).toBe(value);
  });

  it('runs no program', async () => {
    const told = join(folder, 'told');
    const fence: Store['fence'] = async (...asked) => {
      const at = await bench.store.fence(...asked);
      jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 10_001);
      return at;
    };
    const target = to(
      { command: [process.execPath, '-e', `require('fs').writeFileSync('${told}', '')`] },
      { ...bench.store, fence },
    );

    expect(await failureOf(bench.attempt(() => target.deliver(next), { leaseMs: 10_000 }))).toMatchObject({
      nonRetryable: false,
    });
    expect(files()).toEqual([]);
  });
});

it('says that somebody else wrote at the same moment, instead of that it is delivered', async () => {
  LocalFiles.prototype.replace = async function (replaced, replacement) {
    await replace.call(this, replaced, replacement);
    if (replaced === file) writeFileSync(file, 'by hand');
  };

  const failure = await failureOf(bench.attempt(() => to({ file }).deliver(next)));

  expect(failure).toMatchObject({ nonRetryable: false, message: expect.stringContaining('meanwhile') as string });
});

it('keeps what another process writes into another variable of the same file', async () => {
  writeFileSync(file, 'A=1\n');
  const variable = (name: string): DeliveryActivities => to({ envFile: file, variable: name });
  frozenBefore(file, () => bench.attempt(() => variable('B').deliver(next)));

  await bench.attempt(() => variable('C').deliver(next));

  expect(readFileSync(file, 'utf8')).toBe(`A=1\nB=${value}\nC=${value}\n`);
});

describe('what a killed delivery left', () => {
  const left = ['.value.keyturn-0123456789ab', '.value.keyturn-openai-before-v2.keyturn-0123456789ab'];
  const foreign = [
    '.value.0123456789ab',
    '.value.keyturn-openai-before-v2',
    '.other.keyturn-0123456789ab',
    '.value.keyturn-old',
  ];
  beforeEach(() => {
    for (const name of [...left, ...foreign]) writeFileSync(join(folder, name), value);
  });

  it('is seen, and nothing else is taken for it', async () => {
    const [standing] = await bench.attempt(() => to({ file }).survey('openai'));

    expect(standing?.leftBehind.toSorted()).toEqual(left);
  });

  it.each(['deliver', 'restore', 'forgetEarlier', 'removeLeftBehind'] as const)('is removed by %s', async (step) => {
    await bench.store.note(next, { receipts: { [`delivery to ${file}`]: { before: 0 } } });

    await bench.attempt(() => to({ file })[step](next));

    expect(files().filter((name) => name.startsWith('.'))).toEqual(foreign.toSorted());
  });
});

it('puts a new value in the place of a dead one of ours, which an attempt put there that came late', async () => {
  const target = to({ file });
  await bench.attempt(() => target.deliver(next));
  await bench.promote(next);
  const { next: third } = await bench.rotate();
  await bench.give(third, { key: randomValue() });
  await bench.attempt(() => target.deliver(third));
  await bench.promote(third);
  await bench.store.note({ ...next, fence: third.fence }, { compromised: true });
  const { next: fourth } = await bench.rotate();
  await bench.give(fourth, { key: 'the fourth' });
  writeFileSync(file, value);

  await bench.attempt(() => target.deliver(fourth));

  expect(readFileSync(file, 'utf8')).toBe('the fourth');
});
