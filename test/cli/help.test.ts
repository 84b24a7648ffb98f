import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compiled, startWarm } from './warm.js';

const main = join(process.cwd(), 'dist', 'src', 'cli', 'main.js');
const commands = [
  'init',
  'check',
  'adopt',
  'rename',
  'forget',
  'plan',
  'rotate',
  'status',
  'verify',
  'schedules',
  'decide',
  'end-grace',
  'extend-grace',
  'emergency',
  'identify',
  'reveal',
  'ledger',
  'up',
  'worker',
  'demo',
  'lab',
  'crash-test',
  'backup',
  'restore',
  'reconcile',
  'notify',
  'completion',
  'version',
];

function node(...args: string[]) {
  return spawnSync(process.execPath, args, { encoding: 'utf8', env });
}

const env = { ...process.env, NODE_COMPILE_CACHE: compiled };
const warm = startWarm(env);
afterAll(() => warm.stop());
const keyturn = (...args: string[]) => warm.play({ args, input: '', cwd: process.cwd(), env });

it('names every command and every exit code', () => {
  const { status, stdout } = node(main, '--help');

  expect(status).toBe(0);
  for (const command of commands) expect(stdout).toContain(`\n  ${command} `);
  for (const code of ['0    done', '1    failed', '2    ', '3    rolled back', '4    waits for a person', '5    '])
    expect(stdout).toContain(code);
});

it.each(commands)('teaches %s with an example', async (command) => {
  const { code, stdout } = await keyturn(command, '--help');

  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`Examples?:\\n.*keyturn ${command}`));
  expect(stdout).toContain('--json');
});

it('suggests the command that was meant, and changes nothing', async () => {
  const { code, stdout, stderr } = await keyturn('rotat', 'openai');

  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain('Did you mean rotate?');
  expect(stderr).toContain('Nothing was changed');
});

it('suggests the option that was meant, for programs too', async () => {
  const { code, stdout, stderr } = await keyturn('rotate', 'openai', '--garce', '1 hour', '--json');

  expect(code).toBe(2);
  expect(stderr).toContain('Did you mean --grace?');
  expect(JSON.parse(stdout)).toMatchObject({
    error: { what: expect.stringContaining('--grace') as string, exitCode: 2 },
  });
});

it.each([
  [['rotate'], 'keyturn rotate [options] <credentials...>'],
  [['rotate', 'openai', '--grace', 'soon'], 'keyturn rotate [options] <credentials...>'],
  [['rotate', 'openai', '--nothing'], 'keyturn rotate [options] <credentials...>'],
  [['extend-grace', 'openai', 'soon'], 'keyturn extend-grace [options] <credential> <duration...>'],
  [['ledger', '--since', 'lately'], 'keyturn ledger [options] [credential]'],
  [['ledger', '--limit', 'all'], 'keyturn ledger [options] [credential]'],
  [['crash-test', '--jobs', '0'], 'keyturn crash-test [options]'],
  [['reconcile'], 'keyturn reconcile [options] [credential]'],
  [['reconcile', 'openai', '--all'], 'keyturn reconcile [options] [credential]'],
  [['schedules', 'pause', 'openai'], 'keyturn schedules pause [options] <credential>'],
  [['emergency', 'openai'], 'keyturn emergency [options] [credentials...]'],
  [
    ['decide', 'openai', 'retry', '--reason', 'x', '--without-proof'],
    'keyturn decide [options] <credential> <decision>',
  ],
  [['completion', 'tcsh'], 'keyturn completion [options] <shell>'],
])('shows the usage of the very command that %j got wrong', async (line, usage) => {
  const { code, stdout, stderr } = await keyturn(...line, '--json');

  expect(code).toBe(2);
  expect(stderr).toContain(`  Usage  ${usage}\n`);
  expect(stderr).toContain(`${usage.replace(/ [[<].*/, '')} --help`);
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  expect(JSON.parse(stdout)).toMatchObject({ error: { usage, exitCode: 2 } });
});

it('does not show again what was given for a duration and may be a key', async () => {
  const { code, stderr } = await keyturn('rotate', 'openai', '--grace', 'sk-made-up-for-this-test-0123456789');

  expect(code).toBe(2);
  expect(stderr).toContain("option '--grace <duration>' argument is invalid");
  expect(stderr).not.toContain('sk-made-up');
});

it.each([
  ['lab', '--procedure', 'nonsense'],
  ['demo', '--procedure', 'nonsense'],
  ['crash-test', '--procedure', 'nonsense'],
  ['crash-test', '--first', 'nonsense', '--sample', '1'],
])('refuses a procedure that does not exist, and names those that do: %s %s %s', async (...line) => {
  const { code, stderr } = await keyturn(...line);

  expect(code).toBe(2);
  expect(stderr).toContain('There is no procedure "nonsense"');
  expect(stderr).toContain('openai-api-key');
});

it('tells its version, and what it runs on', async () => {
  const { stdout } = await keyturn('version', '--json');

  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(JSON.parse(stdout)).toMatchObject({ keyturn: version, node: process.versions.node });
  expect((await keyturn('version')).stdout).toContain(`keyturn ${version}\n`);
  expect(node(main, '--version').stdout).toBe(`${version}\n`);
});

it('takes the configuration that KEYTURN_CONFIG names, unless --config names another', () => {
  const [named, missing] = [{ ...env, KEYTURN_CONFIG: '/no/such/keyturn.yaml' }, '/nor/such/keyturn.yaml'];
  const status = (...args: string[]) =>
    spawnSync(process.execPath, [main, 'status', ...args], { env: named, encoding: 'utf8' });

  expect(status().stderr).toContain('no configuration file /no/such/keyturn.yaml');
  expect(status('--config', missing).stderr).toContain(`no configuration file ${missing}`);
});

it('takes no other decision than those there are', async () => {
  const { code, stderr } = await keyturn('decide', 'openai', 'rollback', '--reason', 'x');

  expect(code).toBe(2);
  expect(stderr).toContain('retry, roll-back, skip, abandon');
});

it('tells a Node.js that is too old what to do, before anything else', () => {
  const older = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.11.0'})`;
  const { status, stderr } = node('--import', older, main, '--help');

  expect(status).toBe(2);
  expect(stderr).toContain('22.19 or newer; this is 20.11.0');
});

it('loads nothing for its help but the commands themselves and what reads a command line', () => {
  const telling = `import { registerHooks } from 'node:module';
    registerHooks({ load(url, context, next) { process.stderr.write(url + '\\n'); return next(url, context); } });`;
  const { status, stderr } = node('--import', `data:text/javascript,${encodeURIComponent(telling)}`, main, '--help');

  const loaded = stderr.split('\n').filter((url) => url.startsWith('file:'));
  const packages = new Set(loaded.flatMap((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []));
  expect(status).toBe(0);
  expect(loaded.length).toBeGreaterThan(20);
  expect([...packages]).toEqual(['commander']); // how long that takes is the benchmark's: helpOverNode
});
