import { type Fixture, startFixture } from './fixture.js';

jest.setTimeout(60_000); // each command is played twice, once in a process of its own

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
  await fixture.adopt('--sole-user');
});
afterAll(() => fixture.stop());

/** Moments and durations differ from one time to the next. */
/** Without what depends on how fast the machine is, such as a line about a step that takes long. */
const timeless = (text: string): string =>
  text
    .replace(/^ *◷.*\n/gm, '')
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?Z?|[\d.]+ (ms|s|min|h)\b|(?<="\w+Ms": ?)\d+/g, '…');

it.each([
  ['--help'],
  ['rotat openai'],
  ['rotate openai --garce --json'],
  ['status --json --fail-on-trouble'],
  ['status opnai'],
  ['plan openai'],
  ['verify openai --json'],
  ['whose --json'],
  ['rotate openai'],
  ['emergency openai --reason test --json'],
  ['schedules list --config no-such-file'],
  ['reveal openai --reason test'],
])('keyturn %s says and ends the same as in a process of its own', async (line) => {
  const args = line.split(' ');

  const own = await fixture.start(args).ended;
  const warm = await fixture.keyturn(...args);

  const told = [own, warm].map(({ code, stdout, stderr }) => ({
    ...{ code, stdout: timeless(stdout), stderr: timeless(stderr) },
  }));
  expect(told[1]).toEqual(told[0]);
  expect(own.stdout + own.stderr).not.toBe('');
});
