import type { NextcloudLab } from '../../src/lab/nextcloud/server.js';
import { startByHand } from '../../src/lab/scenarios/by-hand.js';
import { type Fixture, startFixture } from './fixture.js';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startFixture({ start: startByHand });
  const value = fixture.scenario.adopted['value'] ?? '';
  expect((await fixture.given(value, 'adopt', 'nextcloud', '--stdin', '--sole-user')).code).toBe(0);
});
afterAll(() => fixture.stop());

const direct = (...options: string[]) =>
  fixture.keyturn('emergency', 'nextcloud', '--direct', '--yes', '--reason', 'it leaked', ...options);

it('tells a person step by step what to revoke, when nothing runs that could wait for it', async () => {
  const { code, stdout } = await direct();

  expect(code).toBe(1); // it works still
  expect(stdout).toMatch(
    /To do by hand for nextcloud: Revoke what leaked \(version 1\) \(task [0-9a-f]{8}\)\n +1\. Open /,
  );
  expect(stdout).toMatch(/\d\. It is version 1, adopted \d{4}-/);
  expect(stdout).toMatch(
    /Next +do what is listed for nextcloud\. As soon as a worker runs: keyturn emergency nextcloud/,
  );
});

it('says the same to a program', async () => {
  const told = (await direct('--json')).json<{ emergencies: object[] }>();

  expect(told).toMatchObject({
    contained: false,
    emergencies: [
      {
        outcome: 'abandoned',
        toDo: [
          {
            title: 'Revoke what leaked (version 1)',
            state: 'withdrawn',
            instructions: expect.arrayContaining(['Open Nextcloud, as docuelevate']) as string[],
          },
        ],
      },
    ],
  });
});

it('takes the end on record and replaces the value, once a worker runs', async () => {
  (fixture.scenario.systems['by-hand'] as NextcloudLab).kill(fixture.scenario.adopted['value'] ?? '');
  const up = fixture.start(['up']);
  await up.says('Ready.');

  const { stdout } = await fixture.keyturn('emergency', 'nextcloud', '--yes', '--reason', 'it leaked');

  expect(stdout).toMatch(/To do by hand for nextcloud: Revoke what leaked/);
  expect(stdout).not.toContain('As soon as a worker runs');
  expect((await fixture.keyturn('tasks', 'complete', 'nextcloud')).code).toBe(0);
});
