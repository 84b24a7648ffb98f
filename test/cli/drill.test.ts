import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { compiled } from './warm.js';

const main = join(process.cwd(), 'dist', 'src', 'cli', 'main.js');

it('plays a leaked value and ends with what was seen of it', () => {
  const { status, stdout } = spawnSync(process.execPath, [main, 'demo', '--emergency', '--json'], {
    ...{ encoding: 'utf8', env: { ...process.env, NODE_COMPILE_CACHE: compiled } },
  });

  const report = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
  expect(status).toBe(0);
  expect(report).toMatchObject({
    ...{ outcome: 'replaced', contained: true, provedRefused: true, attackerSuccessesAfter: 0, replaced: true },
    secretsFoundInTemporal: 0,
  });
  expect(report['secondsToRefused']).toBeGreaterThan(0);
  expect(report['attacker']).toMatchObject({ successes: expect.any(Number) as number });
}, 60_000);
