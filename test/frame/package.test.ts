import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parse } from 'yaml';
import { z } from 'zod';

const root = new URL('../../', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, root), 'utf8');

it('has one copy of protobufjs for everything of Temporal, or recorded histories could not be replayed', () => {
  const copies = ['proto', 'common', 'worker', 'client'].map((name) => {
    const from = createRequire(new URL(`node_modules/@temporalio/${name}/package.json`, root));
    return from.resolve('protobufjs/package.json');
  });

  expect(new Set(copies).size).toBe(1);
});

it('has the same version of every Temporal package', () => {
  const Lock = z.object({ packages: z.record(z.string(), z.object({ version: z.string().optional() })) });
  const { packages } = Lock.parse(JSON.parse(read('package-lock.json')));
  const versions = Object.entries(packages).filter(([path]) => /^node_modules\/@temporalio\/[\w-]+$/.test(path));

  expect(versions.length).toBeGreaterThan(5);
  expect(new Set(versions.map(([, { version }]) => version)).size).toBe(1);
});

it('has no registry addresses in the lock file', () => {
  expect(read('package-lock.json')).not.toContain('"resolved"');
});

it('starts Temporal with PostgreSQL and the worker by compose, with nothing published beyond this machine', () => {
  const Compose = z.object({
    services: z.record(
      z.string(),
      z.object({
        ports: z.array(z.string()).default([]),
        depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
        environment: z.record(z.string(), z.string()).default({}),
      }),
    ),
  });
  const { services } = Compose.parse(parse(read('docker-compose.yml'), { merge: true }));

  expect(Object.keys(services)).toEqual(expect.arrayContaining(['postgresql', 'temporal', 'worker']));
  for (const { ports, depends_on } of Object.values(services)) {
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    for (const name of Object.keys(depends_on)) expect(Object.keys(services)).toContain(name);
  }
});

it('is run by npx in its own folder as it was built, without being built or installed once more', () => {
  const { status, stdout } = spawnSync('npx', ['--offline', 'keyturn', '--version'], { cwd: root, encoding: 'utf8' });

  expect([status, stdout.trim()]).toEqual([0, (JSON.parse(read('package.json')) as { version: string }).version]);
  expect(realpathSync(new URL('node_modules/.bin/keyturn', root))).toMatch(/\/dist\/src\/cli\/main\.js$/);
});
