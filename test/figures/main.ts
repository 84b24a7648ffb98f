// The figures of docs/crash-tests.md in one go: `npm run figures`. It plays for some hours; what was played apart, on the same commit, is read from files.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Played, tableOf } from './table.js';

const usage = `npm run figures -- [options]
  --jobs <n>       processes (2)
  --cases <n>      of chaos (5000)
  --sample <n>     cases of each procedure on real processes (20)
  --matrix <file>  what "keyturn prove --simulated --json" has printed, instead of playing it
  --chaos <file>   the same of "npm run --silent simulate -- --json"
  --real <file>    the same of "keyturn prove --sample <n> --json"`;

const { values } = parseArgs({
  options: {
    ...{ jobs: { type: 'string', default: '2' }, cases: { type: 'string', default: '5000' } },
    ...{ sample: { type: 'string', default: '20' }, help: { type: 'boolean', default: false } },
    ...{ matrix: { type: 'string' }, chaos: { type: 'string' }, real: { type: 'string' } },
  },
});
const { jobs, cases, sample } = values;
const prove = ['dist/src/cli/main.js', 'prove', '--json', '--jobs', jobs, '--seed', 'figures'];
const simulate = ['--disable-warning=ExperimentalWarning', 'dist/src/simulation/main.js', '--json', '--jobs', jobs];

if (values.help) process.stdout.write(`${usage}\n`);
else {
  const matrix = played(values.matrix, [...prove, '--simulated']);
  const chaos = played(values.chaos, [...simulate, '--cases', cases, '--seed', 'figures']);
  const real = played(values.real, [...prove, '--sample', sample]);
  const commit = git('rev-parse', '--short', 'HEAD');
  const state = git('status', '--porcelain') === '' ? commit : `${commit}, with changes`;
  process.stdout.write(
    `${tableOf({ matrix, chaos, real }).join('\n')}\n\nAt ${state}, ${new Date().toISOString().slice(0, 10)}.\n`,
  );
  process.exitCode = [matrix, chaos, real].every(({ failed }) => failed === 0) ? 0 : 1;
}

/** The last line that was printed, of a file or of a command that is run now. */
function played(file: string | undefined, command: readonly string[]): Played {
  const text = file === undefined ? run(command) : readFileSync(file, 'utf8');
  return JSON.parse(text.trim().split('\n').at(-1) ?? '') as Played;
}

function run(command: readonly string[]): string {
  const { stdout } = spawnSync(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1e9 });
  return stdout.toString();
}

function git(...args: string[]): string {
  return execFileSync('git', args).toString().trim();
}
