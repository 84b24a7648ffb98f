import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDeliveryActivities, type DeliveryActivities } from '../../../activities/delivery/activities.js';
import { Target } from '../../../activities/delivery/target.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { type Bench, failureOf, randomValue, startBench } from '../bench.js';

const nobody = 65_534;
const whenRoot = process.getuid?.() === 0 ? it : it.skip;

let bench: Bench;
let root: string;
let folder: string;
let file: string;
let next: VersionRef;
let value: string;

beforeEach(async () => {
  bench = await startBench();
  root = realpathSync(mkdtempSync(join(tmpdir(), 'keyturn-folders-')));
  chmodSync(root, 0o755);
  folder = join(root, 'theirs');
  mkdirSync(folder);
  file = join(folder, 'secret');
  value = randomValue();
  await bench.adopt({ key: randomValue() });
  ({ next } = await bench.rotate());
  await bench.give(next, { key: value });
});
afterEach(async () => {
  await bench.close();
  rmSync(root, { recursive: true });
});

function to(target: object): DeliveryActivities {
  return createDeliveryActivities({
    store: bench.store,
    deliveries: () => ({ targets: [Target.parse(target)], part: 'key', feedsEngine: false }),
    environment: () => undefined,
  });
}
const deliver = (target: object) => bench.attempt(() => to(target).deliver(next));
const check = async (target: object) => (await bench.attempt(() => to(target).checkAccess('openai')))[0];

/** Both the check and the delivery, which have to agree. */
async function refused(target: object): Promise<string> {
  const failure = await failureOf(deliver(target));
  expect(await check(target)).toMatchObject({ ok: false, detail: failure.message });
  return failure.message;
}

describe('a link in the place of the file', () => {
  it('is not followed', async () => {
    const other = join(root, 'other');
    writeFileSync(other, 'of somebody', { mode: 0o600 });
    symlinkSync(other, file);

    expect(await refused({ file })).toContain(`is a link to ${other}`);
    expect(await refused({ envFile: file, variable: 'KEY' })).toContain(`is a link to ${other}`);
    expect(readFileSync(other, 'utf8')).toBe('of somebody');
    expect(readdirSync(folder)).toEqual(['secret']);
  });

  whenRoot('gives away nothing of root to whoever made it', async () => {
    const secret = join(root, 'of-root');
    writeFileSync(secret, 'only for root', { mode: 0o600 });
    symlinkSync(secret, file);
    chownSync(folder, nobody, nobody);

    await failureOf(deliver({ file, owner: `${nobody}:${nobody}` }));

    expect(statSync(secret)).toMatchObject({ uid: 0, gid: 0, mode: 0o100600 });
    expect(readFileSync(secret, 'utf8')).toBe('only for root');
    for (const name of readdirSync(folder)) expect(lstatSync(join(folder, name)).isSymbolicLink()).toBe(true);
  });

  it('is none of what is kept', async () => {
    const other = join(root, 'other');
    writeFileSync(other, 'of somebody');
    symlinkSync(other, `${file}.keyturn-openai-before-v2`);

    await failureOf(deliver({ file }));

    expect(readFileSync(other, 'utf8')).toBe('of somebody');
    expect(readdirSync(folder)).toEqual(['secret.keyturn-openai-before-v2']);
  });
});

it('does not wait for a named pipe in the place of the file', async () => {
  if (spawnSync('mkfifo', [file]).status !== 0) return;

  expect(await refused({ file })).toContain('not a regular file');
});

describe('a folder that somebody else may write', () => {
  function openToGroup(path: string): void {
    chownSync(path, 0, nobody);
    chmodSync(path, 0o770);
  }

  it('is refused where everybody may', async () => {
    chmodSync(folder, 0o1777);

    expect(await refused({ file })).toContain(`${folder} can be written by everybody`);
  });

  whenRoot.each([
    ['its owner', (path: string) => chownSync(path, nobody, 0), `user ${nobody}`],
    ['a group', openToGroup, `group ${nobody}`],
  ])('is refused where %s may, and so is a folder above it', async (_, open, who) => {
    open(folder);
    writeFileSync(file, 'planted');
    chownSync(file, nobody, nobody);
    expect(await refused({ file })).toContain(`${folder} can be written by ${who}`);

    const inner = join(folder, 'inner');
    mkdirSync(inner);
    expect(await refused({ file: join(inner, 'secret') })).toContain(`${folder} can be written by ${who}`);
    expect(readFileSync(file, 'utf8')).toBe('planted');
  });

  whenRoot('is fine where the file is to be theirs', async () => {
    chownSync(folder, nobody, nobody);
    const owner = `${nobody}:${nobody}`;

    expect(await check({ file, owner })).toMatchObject({ ok: true });
    await deliver({ file, owner });
    expect(statSync(file)).toMatchObject({ uid: nobody, gid: nobody });
    expect(readFileSync(file, 'utf8')).toBe(value);

    const env = join(folder, 'env');
    await deliver({ envFile: env, variable: 'KEY', owner });
    expect(statSync(env)).toMatchObject({ uid: nobody, gid: nobody });
  });
});

it('shows where the file really is', async () => {
  const link = join(root, 'link');
  symlinkSync(folder, link);

  expect(await check({ file: join(link, 'secret') })).toMatchObject({
    ok: true,
    detail: `it will be created; its real path is ${file}`,
  });
  await deliver({ file: join(link, 'secret') });
  expect(readFileSync(file, 'utf8')).toBe(value);
});
