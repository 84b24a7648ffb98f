import type { Clock } from '../clock.js';
import type { Routes } from '../routes.js';
import { ok } from './answers.js';
import { inMicroseconds } from './database.js';
import type { Peers } from './peers.js';
import type { Redis } from './redis.js';
import { loggedIn, type Visit } from './sessions.js';

interface HealthOptions {
  readonly redis: Redis;
  readonly clock: Clock;
  /** Those called `database` and `redis` decide about the addresses; others take any. */
  readonly peers: Peers;
  /** What the API was started with. Of these settings no row counts. */
  readonly env: (key: string) => string;
}

/** Health checks for monitoring. Without Redis the engine is degraded, but still ready. */
export function healthRoutes({ redis, clock, peers, env }: HealthOptions): Routes<Visit> {
  const reach = async (name: 'database' | 'redis'): Promise<object> => {
    const isDown = name === 'redis' && redis.down;
    const refusal = isDown ? 'Connection refused' : await peers[name]?.logIn({ url: env(`${name}_url`) });
    return refusal ? { status: 'error', detail: refusal } : { status: 'ok' };
  };
  const checks = async (): Promise<object> => ({ database: await reach('database'), redis: await reach('redis') });
  return {
    'GET /api/diagnostic/health': loggedIn(async () => {
      const status = redis.down ? 'degraded' : 'healthy';
      return ok({ status, version: '0.188.6', timestamp: inMicroseconds(clock()), checks: await checks() });
    }),
    'GET /api/diagnostic/healthz/ready': async () => ok({ status: 'ready', checks: await checks() }),
  };
}
