import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { install } from '../../src/temporal/install.js';
import { tryLock } from '../../src/temporal/lock.js';
import { until } from '../support/temporal.js';
import { removeTemporaryDirectories, temporaryDirectory } from './support.js';

afterEach(removeTemporaryDirectories);

it('tells for how long it has been waiting for another Keyturn that installs, and takes what that one made', async () => {
  const kept = join(temporaryDirectory(), 'temporal', 'temporal');
  mkdirSync(dirname(kept));
  const other = tryLock(join(dirname(kept), 'install.lock'));
  const lines: string[] = [];
  const make = () => Promise.reject(new Error('the other one makes it'));

  const installing = install({ kept, report: (line) => lines.push(line), make, tellMs: 10 });
  await until(async () => lines.length >= 3);
  writeFileSync(kept, 'what the other one made');
  other?.release();

  expect(await installing).toBe('found');
  expect(lines[0]).toContain('another Keyturn is installing it');
  expect(lines[2]).toMatch(/still waiting for the other Keyturn \(\d+ s\)/);
});
