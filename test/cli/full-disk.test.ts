import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { OpenAiLab } from '../../src/lab/openai/server.js';
import { fill, mountable } from './disk.js';
import { type Ended, expectTold, type Fixture, startFixture } from './fixture.js';

jest.setTimeout(60_000); // each command is a process of its own

let fixture: Fixture;
let other: DatabaseSync | null;
const at = (file: string): string => join(fixture.dir, file);
const emergency = (...options: string[]): Promise<Ended> =>
  fixture.start(['emergency', 'openai', '--reason', 'a test', '--yes', '--json', ...options]).ended;

(mountable() ? describe : describe.skip)('An emergency while the disk of store and record is full', () => {
  beforeEach(async () => {
    fixture = await startFixture();
    other = null;
    await fixture.adopt('--sole-user');
    mkdirSync(at('disk'));
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', '-o', 'size=1m', at('disk')]);
    for (const file of ['keyturn.db', 'keyturn.yaml']) {
      execFileSync('cp', [at(file), at(`disk/${file}`)]);
      renameSync(at(file), at(`${file}.away`));
    }
    execFileSync('ln', ['-s', at('disk/keyturn.yaml'), fixture.config]);
    execFileSync('ln', ['-s', at('disk/keyturn.db'), at('keyturn.db')]);
  });
  afterEach(async () => {
    other?.close();
    execFileSync('umount', [at('disk')]);
    await fixture.stop();
  });

  const contained = { contained: true, rotated: false, withoutStore: true, values: [{ ended: true }] };

  describe.each([
    ['that others have open', true],
    ['that nobody has open', false],
  ])('and the store is one %s', (_, isOpen) => {
    beforeEach(() => {
      if (isOpen) {
        other = new DatabaseSync(at('disk/keyturn.db'));
        other.exec('select * from ledger');
      }
      fill(at('disk/ballast'));
    });

    it.each([[[]], [['--direct']]])('revokes what the store knows, and nothing else: %j', async (options) => {
      const openai = fixture.scenario.systems['openai'] as OpenAiLab;
      const [other] = openai.createServiceAccount('of somebody else').keys;
      const ended = await emergency(...options);

      expect({ ...ended, said: ended.stderr }).toMatchObject({
        code: 4,
        said: expect.stringContaining('The store cannot be written') as string,
      });
      expect(ended.json()).toMatchObject(contained);
      expect(fixture.scenario.working()).toEqual([other?.value]);
    });

    it('revokes what somebody names', async () => {
      const unknown = await emergency('--direct', '--id', 'api_key/nowhere');
      expectTold(unknown, 2, 'Nothing was revoked', 'nowhere');
      const [, id = ''] = /^ {2}(\S+)/m.exec(unknown.stderr) ?? [];

      const ended = await emergency('--direct', '--id', id);

      expect(ended).toMatchObject({ code: 4 });
      expect(ended.json()).toMatchObject(contained);
      expect(fixture.scenario.working()).toEqual([]);
    });
  });

  it('is taken into the ledger when there is space again, with the same clock', async () => {
    fill(at('disk/ballast'));
    await emergency();
    rmSync(at('disk/ballast'));

    const status = await fixture.keyturn('status', '--json');

    expect(status.stderr).toContain('The ledger now holds what was revoked');
    const { stdout } = await fixture.keyturn('ledger', '--json');
    expect(stdout).toContain('revoked directly');
  });
});

it('refuses an id where the store takes what is written', async () => {
  fixture = await startFixture();
  await fixture.adopt('--sole-user');

  expectTold(await emergency('--direct', '--id', 'api_key/any'), 2, 'Nothing was revoked', 'knows the live versions');
  expect(fixture.scenario.working()).toHaveLength(1);
  await fixture.stop();
});
