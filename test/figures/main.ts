// The tables of docs/crash-tests.md in one go: `npm run figures`. It plays for some hours; what was played apart, on the same commit, is read from files.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Missing, type Played, sensitivityOf, tableOf } from './table.js';

const usage = `npm run figures -- [options]
  --jobs <n>       processes (2)
  --cases <n>      of chaos (5000)
  --sample <n>     cases of each procedure on real processes (20)
  --matrix <file>  what "keyturn crash-test --simulated --json" has printed, instead of playing it
  --chaos <file>   the same of "npm run --silent simulate -- --json"
  --real <file>    the same of "keyturn crash-test --sample <n> --json"
  --missing <file> the same of "npm run --silent simulate -- --without test/crash/without.ts --cases 2000 --json"`;

const { values } = parseArgs({
  options: {
    ...{ jobs: { type: 'string', default: '2' }, cases: { type: 'string', default: '5000' } },
    ...{ sample: { type: 'string', default: '20' }, help: { type: 'boolean', default: false } },
    ...{ missing: { type: 'string' }, matrix: { type: 'string' }, chaos: { type: 'string' }, real: { type: 'string' } },
  },
});
const mostUntilMissed = 2_000;
const { jobs, cases, sample } = values;
const crashTest = ['dist/src/cli/main.js', 'crash-test', '--json', '--jobs', jobs, '--seed', 'figures'];
const simulate = ['--disable-warning=ExperimentalWarning', 'dist/src/simulation/main.js', '--json', '--jobs', jobs];

if (values.help) process.stdout.write(`${usage}\n`);
else {
  const matrix = printed<Played>(values.matrix, [...crashTest, '--simulated']);
  const chaos = printed<Played>(values.chaos, [...simulate, '--cases', cases, '--seed', 'figures']);
  const real = printed<Played>(values.real, [...crashTest, '--sample', sample]);
  const without = ['--without', 'test/crash/without.ts', '--cases', String(mostUntilMissed)];
  const missing = printed<Missing[]>(values.missing, [...simulate, ...without]);
  const tables = [tableOf({ matrix, chaos, real }), sensitivityOf(missing, mostUntilMissed)];
  const commit = git('rev-parse', '--short', 'HEAD');
  const state = git('status', '--porcelain') === '' ? commit : `${commit}, with changes`;
  process.stdout.write(
    `${tables.map((lines) => lines.join('\n')).join('\n\n')}\n\nAt ${state}, ${new Date().toISOString().slice(0, 10)}.\n`,
  );
  const isFound = missing.every(({ cases: until }) => until !== null);
  process.exitCode = isFound && [matrix, chaos, real].every(({ failed }) => failed === 0) ? 0 : 1;
}

/** The last line that was printed, of a file or of a command that is run now. */
function printed<T>(file: string | undefined, command: readonly string[]): T {
  const text = file === undefined ? run(command) : readFileSync(file, 'utf8');
  return JSON.parse(text.trim().split('\n').at(-1) ?? '') as T;
}

function run(command: readonly string[]): string {
  const { stdout } = spawnSync(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1e9 });
  return stdout.toString();
}

function git(...args: string[]): string {
  return execFileSync('git', args).toString().trim();
}
