import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

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
  'retire-now',
  'extend-grace',
  'emergency',
  'whose',
  'reveal',
  'ledger',
  'up',
  'worker',
];

function node(...args: string[]) {
  return spawnSync(process.execPath, args, { encoding: 'utf8' });
}

const keyturn = (...args: string[]) => node(main, ...args);

it('names every command and every exit code', () => {
  const { status, stdout } = keyturn('--help');

  expect(status).toBe(0);
  for (const command of commands) expect(stdout).toContain(`\n  ${command} `);
  for (const code of ['0    done', '1    failed', '2    ', '3    rolled back', '4    waits for a person', '5    '])
    expect(stdout).toContain(code);
});

it.each(commands)('teaches %s with an example', (command) => {
  const { status, stdout } = keyturn(command, '--help');

  expect(status).toBe(0);
  expect(stdout).toMatch(new RegExp(`Examples?:\\n.*keyturn ${command}`));
  expect(stdout).toContain('--json');
});

it('suggests the command that was meant, and changes nothing', () => {
  const { status, stdout, stderr } = keyturn('rotat', 'openai');

  expect(status).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain('Did you mean rotate?');
  expect(stderr).toContain('Nothing was changed');
});

it('suggests the option that was meant, for programs too', () => {
  const { status, stdout, stderr } = keyturn('rotate', 'openai', '--garce', '1 hour', '--json');

  expect(status).toBe(2);
  expect(stderr).toContain('Did you mean --grace?');
  expect(JSON.parse(stdout)).toMatchObject({
    error: { what: expect.stringContaining('--grace') as string, exitCode: 2 },
  });
});

it('takes no other decision than those there are', () => {
  const { status, stderr } = keyturn('decide', 'openai', 'rollback', '--reason', 'x');

  expect(status).toBe(2);
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
