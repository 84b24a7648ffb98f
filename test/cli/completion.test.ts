import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalog } from '../../workflows/catalog.js';
import { compiled } from './warm.js';

const main = join(process.cwd(), 'dist', 'src', 'cli', 'main.js');
let folder: string;
let env: NodeJS.ProcessEnv;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyturn-completion-'));
  const program = join(folder, 'keyturn');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
  chmodSync(program, 0o755);
  const config = join(folder, 'keyturn.yaml');
  writeFileSync(config, 'engines: { docs: {} }\ncredentials:\n  openai: {}\n  azure: {}\n  s3: { half written');
  env = {
    PATH: `${folder}:${process.env['PATH'] ?? ''}`,
    HOME: folder,
    KEYTURN_CONFIG: config,
    NODE_COMPILE_CACHE: compiled,
  };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (program: string, ...args: string[]): string =>
  spawnSync(program, args, { env, cwd: folder, encoding: 'utf8' }).stdout;
const after = (...words: string[]): string[] =>
  run('keyturn', 'complete', '--', ...words)
    .split('\n')
    .flatMap((line) => line.split('\t')[0] || []);

it('offers every command that the help names, with what it does', () => {
  const [help = ''] = run('keyturn', '--help').split('First steps:');
  const named = [...help.matchAll(/^ {2}([a-z][a-z-]+) (?=.* {2}[a-z])/gm)].map(([, name]) => name);
  const lines = run('keyturn', 'complete', '--', '').split('\n');

  expect(named.length).toBeGreaterThan(25);
  expect(after('')).toEqual(expect.arrayContaining(named));
  expect(lines).toContain('rotate\treplace a value, prove the new one, retire the old one');
  expect(after('')).not.toContain('complete'); // it is there for shells
});

it.each([
  [['rot'], ['rotate']],
  [['rotate', 'openai', '--gr'], ['--grace']],
  [['rotate', '--json', '--grace', '5m', 'a'], ['azure']],
  [
    ['rotate', 'openai', ''],
    ['openai', 'azure', 's3'],
  ],
  [
    ['decide', 'openai', ''],
    ['retry', 'roll-back', 'skip', 'abandon'],
  ],
  [['schedules', 'pa'], ['pause']],
  [['schedules', 'pause', 'open'], ['openai']],
  [['emergency', '--engine', ''], ['docs']],
  [['demo', '--procedure', ''], catalog.map(({ id }) => id)],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [
    ['check', '--restart', ''],
    ['before', 'after'],
  ],
  [['rotate', '--grace', ''], []],
  [['backup', ''], []],
  [['--config', 'no-such-file', 'rotate', ''], []],
] as const)('after %j offers %j', (words, offered) => {
  expect(after(...words)).toEqual(offered);
});

it('offers the options that every command has beside its own', () => {
  expect(after('plan', 'openai', '--')).toEqual(['--config', '--json', '--verbose', '--actor', '--version']);
});

const present = (shell: string): typeof it.skip => (spawnSync(shell, ['--version']).status === 0 ? it : it.skip);

present('bash')('works in bash', () => {
  const ask = 'COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _keyturn; printf "%s\\n" "${COMPREPLY[@]}"';
  const script = (words: string): string => `source <(keyturn completion bash); COMP_WORDS=(${words}); ${ask}`;

  expect(run('bash', '-c', script('keyturn rotate a'))).toBe('azure\n');
  expect(run('bash', '-c', script('keyturn rotate ""'))).toBe('openai\nazure\ns3\n');
});

present('zsh')('works in zsh', () => {
  const stubs = 'compdef() { :; }; _describe() { print -l -- ${(P)2}; }; _files() { print files; }';
  const ask = (words: string): string =>
    `${stubs}; source <(keyturn completion zsh); words=(${words}); CURRENT=$#words; _keyturn`;

  expect(run('zsh', '-fc', ask('keyturn rotate a'))).toBe('azure:\n');
  expect(run('zsh', '-fc', ask('keyturn rot'))).toMatch(/^rotate:replace a value/);
  expect(run('zsh', '-fc', ask("keyturn backup ''"))).toBe('files\n');
});

present('fish')('works in fish', () => {
  const ask = (line: string): string => `keyturn completion fish | source; complete -C '${line}'`;

  expect(run('fish', '-c', ask('keyturn rotate a'))).toBe('azure\n');
  expect(run('fish', '-c', ask('keyturn rotate '))).toBe('azure\nopenai\ns3\n');
  expect(run('fish', '-c', ask('keyturn rot'))).toMatch(/^rotate\treplace a value/);
});
