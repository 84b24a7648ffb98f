import { type Fleet, startFleet } from '../support/fleet.js';
import { expectTold, type Fixture, startFixture } from './fixture.js';

jest.setTimeout(120_000); // two rotations side by side, each command a process of its own

let fixture: Fixture<Fleet>;

beforeAll(async () => {
  fixture = await startFixture({ start: (options) => startFleet(2, options) });
  for (const [name, value] of Object.entries(fixture.scenario.values))
    expect((await fixture.given(value, 'adopt', name, '--stdin', '--sole-user')).code).toBe(0);
  await fixture.start(['up']).says('Ready.');
});
afterAll(() => fixture.stop());

it('rotates several at once, and tells the end of each', async () => {
  const ended = await fixture.keyturn('rotate', 'openai-0', 'openai-1', 'openai-0', '--json');

  expect(ended.code).toBe(0);
  expect(ended.json()).toMatchObject({
    rotations: [
      { credential: 'openai-0', outcome: 'retired', version: 2 },
      { credential: 'openai-1', outcome: 'retired', version: 2 },
    ],
  });
  expect(ended.stderr).toMatch(
    /openai-0 has begun[^]+openai-1 has begun[^]+openai-0 is rotated[^]+openai-1 is rotated/,
  );
});

it('begins none of them when one is not known', async () => {
  const ended = await fixture.keyturn('rotate', 'openai-0', 'opnai-1');

  expectTold(ended, 2, 'did you mean "openai-1"?');
  expect(ended.stdout).not.toContain('has begun');
});

it('goes on with the others when one cannot go on, and ends with the worst of their ends', async () => {
  const docuelevate = fixture.scenario.engineOf('openai-0');
  docuelevate.faults.add({ method: 'POST', path: '/api/intake/documents', kind: { status: 400 } });

  const ended = await fixture.keyturn('rotate', 'openai-0', 'openai-1', '--json');
  docuelevate.faults.clear();

  expect(ended.code).toBe(3);
  expect(ended.json()).toMatchObject({
    rotations: [
      { credential: 'openai-0', outcome: 'rolled-back' },
      { credential: 'openai-1', outcome: 'retired' },
    ],
  });
});

it('compares every credential with what is real', async () => {
  const ended = await fixture.keyturn('reconcile', '--all', '--json');

  expect(ended.code).toBe(0);
  expect(ended.json()).toMatchObject({
    credentials: [
      { credential: 'openai-0', reconciled: true, remaining: [] },
      { credential: 'openai-1', reconciled: true, remaining: [] },
    ],
  });
});
