import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { crashTest } from '../../src/crash-test/crash-test.js';
import { counted } from '../../src/domain/counted.js';
import { happening } from '../../src/cli/service/happening-text.js';
import type { Paint } from '../../src/cli/terminal/paint.js';
import { questionText } from '../../src/cli/rotate/question-text.js';
import { tellSilence } from '../../src/cli/terminal/silence.js';
import { slowText } from '../../src/cli/rotate/steps-text.js';
import type { Waiting } from '../../src/domain/rotation.js';
import { compiled } from './warm.js';

const same = (text: string): string => text;
const paint: Paint = { bold: same, dim: same, good: same, bad: same, attention: same };
const entry = { seq: 1, at: 0, mac: '', credential: 'openai', version: 2 };

it.each([
  ['✔', { event: 'succeeded' }],
  ['✔', { event: 'succeeded', outcome: 'proved' }],
  ['✖', { event: 'succeeded', outcome: 'failed' }],
  ['◌', { event: 'succeeded', outcome: 'not-observable' }],
  ['✖', { event: 'failed' }],
  ['◷', { event: 'waiting' }],
  ['✖', { event: 'withdrawn' }],
  ['✔', { event: 'closed', outcome: 'retired' }],
  ['✖', { event: 'closed', outcome: 'rolled-back' }],
  ['✖', { event: 'closed', outcome: 'abandoned' }],
  ['✔', { event: 'contained', outcome: 'proved' }],
  ['✖', { event: 'closed', outcome: 'contained' }],
  ['•', { event: 'adopted' }],
])('shows %s for %j', (sign, what) => {
  expect(happening({ ...entry, ...what }, { paint })).toMatch(new RegExp(`^${sign} openai v2`));
});

const question: Waiting = {
  ...{ id: 'a1', for: 'operator', why: 'Nothing else uses the old key: nobody has said so' },
  ...{ choices: ['retry', 'roll-back', 'skip', 'abandon'], effects: {} },
};

it('proposes the answer that can help, and the first one where nothing is known', () => {
  const helped = questionText('openai', { ...question, helps: 'skip' }, paint).join('\n');
  const first = questionText('openai', question, paint).join('\n');

  expect(helped).toMatch(/Next +Find out .*: keyturn decide openai skip --question a1 --reason "…"/);
  expect(first).toMatch(/Next +keyturn decide openai retry --question a1/);
});

it('tells of a slow step for how long, which attempt, and why the one before failed', () => {
  expect(slowText({ since: 0, attempt: 1, cause: null }, 12_000)).toBe('no answer for 12 s, attempt 1');
  expect(slowText({ since: 0, attempt: 3, cause: 'openai answered 503' }, 65_000)).toBe(
    'not done after 1 min 5 s, attempt 3; the one before: openai answered 503',
  );
});

it('tells of a system that does not answer while it is asked, and of no other', () => {
  jest.useFakeTimers();
  const lines: string[] = [];
  const silence = tellSilence({ say: (...said) => void lines.push(...said), paint });

  silence.begins('openai: docuelevate');
  jest.advanceTimersByTime(4_000);
  silence.begins('openai: openai');
  jest.advanceTimersByTime(10_000);
  silence.ends();
  jest.advanceTimersByTime(60_000);
  jest.useRealTimers();

  expect(lines).toEqual(['  ◷ openai: openai: no answer for 5.0 s', '  ◷ openai: openai: no answer for 10 s']);
});

it('names the procedures where there is none of a name', async () => {
  const nothing = { onLine: () => undefined, onVerdict: () => undefined, interruption: new AbortController().signal };

  await expect(crashTest({ ...nothing, jobs: 1, procedure: 'openai' })).rejects.toMatchObject({
    message: 'There is no procedure "openai"',
    next: expect.stringMatching(/^Choose one of: openai-api-key, .*openai-api-key:delivered/) as string,
  });
});

it.each([
  [1, '1 ledger entry'],
  [0, '0 ledger entries'],
  [2, '2 ledger entries'],
])('counts %d as %s', (number, text) => {
  expect(counted(number, 'ledger entry', 'ledger entries')).toBe(text);
});

it('plays another sample each time, and says how to have the same again', () => {
  const main = join(process.cwd(), 'dist', 'src', 'cli', 'main.js');
  const sample = ['crash-test', '--simulated', '--procedure', 'no-such-procedure', '--sample', '3'];
  const seeds = [1, 2].map(() => {
    const env = { ...process.env, NODE_COMPILE_CACHE: compiled };
    const { stderr } = spawnSync(process.execPath, [main, ...sample], { encoding: 'utf8', env });
    return /^Seed ([0-9a-f]{8}); the same again with --seed \1$/m.exec(stderr)?.[1];
  });

  expect(seeds).toEqual([expect.any(String), expect.any(String)]);
  expect(new Set(seeds).size).toBe(2);
});
