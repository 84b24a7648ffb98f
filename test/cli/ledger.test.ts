import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { anchorId } from '../../src/domain/temporal-names.js';
import { findTemporalBinary } from '../../src/temporal/binary.js';
import { connectClient, resolveTemporal } from '../../src/temporal/connect.js';
import { startEmbeddedServer } from '../../src/temporal/embedded.js';
import { until } from '../support/temporal.js';
import { expectTold, type Fixture, startFixture } from './fixture.js';

jest.setTimeout(120_000); // each command is a process of its own

interface Verified {
  readonly anchor: string;
  readonly comparedWith: readonly string[];
  readonly olderThan: readonly string[];
}

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
  await fixture.adopt('--sole-user');
});
afterAll(() => fixture.stop());

const database = (): string => join(fixture.dir, 'keyturn.db');
const verify = (...options: string[]) => fixture.keyturn('ledger', '--verify', '--json', ...options);

function putBack(copy: string): void {
  copyFileSync(copy, database());
  for (const suffix of ['-wal', '-shm']) rmSync(database() + suffix, { force: true });
}

/** Whether workers have told Temporal that the ledger ends there. */
async function isAnchored(anchor: string): Promise<boolean> {
  const client = await connectClient(await resolveTemporal({ dataDir: join(fixture.dir, 'temporal') }));
  try {
    for await (const { scheduleId, state } of client.schedule.list())
      if (scheduleId.startsWith(anchorId('')) && state.note?.includes(anchor)) return true;
    return false;
  } finally {
    await client.connection.close();
  }
}

it('is held against a head that somebody has kept, and against nothing where no server runs', async () => {
  const first = (await verify()).json<Verified>();
  await fixture.keyturn('backup', './first');
  const second = (await verify('--expect', first.anchor)).json<Verified>();
  const newest = join(fixture.dir, 'newest.db');
  copyFileSync(database(), newest);
  putBack(join(fixture.dir, 'first', 'keyturn.db'));
  const third = await fixture.keyturn('ledger', '--verify', '--expect', `9${second.anchor}`);
  const nonsense = await verify('--expect', 'nonsense');
  putBack(newest);

  expect(first).toMatchObject({ comparedWith: [], olderThan: [] });
  expect(second).toMatchObject({ comparedWith: ['the expected head'], olderThan: [] });
  expect(third.code).toBe(1);
  expect(third.stdout).toContain('its end was cut off, or an older store was put in its place');
  expect(nonsense.code).toBe(2);
  expect(nonsense.stderr + nonsense.stdout).toContain('not the head of a ledger');
});

it('is held against what workers told Temporal, by every command that looks', async () => {
  const up = fixture.start(['up']);
  await up.says('Ready.');
  await fixture.keyturn('backup', './second');
  await fixture.keyturn('backup', './third');
  const { anchor, ...before } = (await verify()).json<Verified>();
  await until(() => isAnchored(anchor));
  up.process.kill('SIGTERM');
  await up.ended;
  putBack(join(fixture.dir, 'second', 'keyturn.db'));

  const refused = await fixture.start(['up']).ended;
  const report = (): void => undefined;
  const binary = await findTemporalBinary({ report });
  const server = await startEmbeddedServer({ dataDir: join(fixture.dir, 'temporal'), binary, report });
  const [verified, status, check] = await Promise.all([
    verify(),
    fixture.keyturn('status', '--json', '--fail-on-trouble'),
    fixture.keyturn('check', '--json'),
  ]);
  await server.stop();
  putBack(join(fixture.dir, 'third', 'keyturn.db'));

  const older = expect.stringMatching(/^The ledger ends at entry \d+, but it had \d+/) as string;
  expect(before).toMatchObject({ comparedWith: ['Temporal'], olderThan: [] });
  expectTold(refused, 1, 'The ledger ends at entry', 'keyturn restore');
  expect(verified.code).toBe(1);
  expect(verified.json()).toMatchObject({ brokenAt: null, comparedWith: ['Temporal'], olderThan: [older] });
  expect(status.code).toBe(1);
  expect(status.json()).toMatchObject({ olderStore: older });
  expect(check.code).toBe(1);
  expect(check.stdout).toContain('The ledger ends at entry');
});

it('covers the states of versions', async () => {
  {
    using file = new DatabaseSync(database());
    file.exec(`update versions set state = 'retiring'`);
  }

  expectTold(await fixture.keyturn('ledger', '--verify'), 1, 'The state of a version', 'keyturn reconcile');
  expectTold(await fixture.keyturn('status'), 1, 'The state of a version');
});
