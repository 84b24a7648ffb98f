import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../src/config/config-error.js';
import { loadConfig } from '../../src/config/load.js';
import { draftConfiguration } from '../../src/operations/setup/draft.js';
import { catalog } from '../../workflows/catalog.js';

const folder = mkdtempSync(join(tmpdir(), 'keyturn-deployment-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function load(text: string) {
  const file = join(folder, 'keyturn.yaml');
  writeFileSync(file, text);
  return loadConfig(file, catalog);
}

const recreation = 'docker compose up -d --force-recreate api worker beat'.split(' ');

function complaints(...restart: string[]): string {
  const docs = {
    ...{ kind: 'docuelevate', url: 'https://docs.example.com', admin: { username: 'a', password: { env: 'ADMIN' } } },
    deployment: { envFile: './.env', restart },
  };
  try {
    load(`store: sqlite:./keyturn.db\nengines:\n  docs: ${JSON.stringify(docs)}\ncredentials: {}\n`);
    return '';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

it.each(
  [
    ['docker', 'compose', 'restart', 'api', 'worker'],
    ['docker', 'compose', '-f', '/srv/docs/compose.yaml', 'restart'],
    ['docker-compose', 'restart'],
    ['/usr/bin/docker', 'restart', 'docs-api-1'],
    ['sudo', 'podman-compose', 'restart', 'api'],
    ['sh', '-c', 'cd /srv/docs && docker compose restart; true'],
  ].map((command) => ({ command })),
)('refuses $command, which keeps the old environment, and says what to write', ({ command }) => {
  const complaint = complaints(...command);

  expect(complaint).toContain('engines.docs.deployment.restart: restarted containers keep their old environment');
  expect(complaint).toContain(`[${recreation.join(', ')}]`);
});

it.each(
  [
    recreation,
    ['docker', 'run', '--restart', 'always', 'docs'],
    ['systemctl', 'restart', 'docuelevate-api', 'docuelevate-worker'],
    ['docker', 'compose', 'up', '-d', 'restart-watcher'],
  ].map((command) => ({ command })),
)('takes $command', ({ command }) => {
  expect(complaints(...command)).toBe('');
});

it('is proposed by init in a form that can be used as it stands', () => {
  const engine = {
    kind: 'docuelevate',
    url: 'https://docs.example.com',
    username: 'a',
    credentials: [],
    plain: {},
  } as const;
  const { text } = draftConfiguration(engine, catalog);

  const used = load(text.replaceAll(/^ {4}# (deployment:| {2}(?:envFile|restart):)/gm, '    $1'));

  expect(used.engines['docs']).toMatchObject({ deployment: { restart: recreation } });
});
