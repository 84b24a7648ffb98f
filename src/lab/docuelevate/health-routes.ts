import type { Clock } from '../clock.js';
import type { Routes } from '../routes.js';
import { ok } from './answers.js';
import { inMicroseconds } from './database.js';
import type { Redis } from './redis.js';
import { loggedIn, type Visit } from './sessions.js';

/** Health checks for monitoring. Without Redis the engine is degraded, but still ready. */
export function healthRoutes(redis: Redis, clock: Clock): Routes<Visit> {
  const checks = (): object => ({
    database: { status: 'ok' },
    redis: redis.down ? { status: 'error', detail: 'Connection refused' } : { status: 'ok' },
  });
  return {
    'GET /api/diagnostic/health': loggedIn(() => {
      const status = redis.down ? 'degraded' : 'healthy';
      return ok({ status, version: '0.188.6', timestamp: inMicroseconds(clock()), checks: checks() });
    }),
    'GET /api/diagnostic/healthz/ready': () => ok({ status: 'ready', checks: checks() }),
  };
}
