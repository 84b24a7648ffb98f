import type { Clock } from '../clock.js';
import type { Handler } from '../routes.js';
import { detail } from './answers.js';
import type { Redis } from './redis.js';
import type { Visit } from './sessions.js';

export interface UploadLimitOptions {
  readonly clock: Clock;
  readonly redis: Redis;
  /** Number of waiting tasks. */
  readonly queued: () => number;
  /** The machine's load per core. */
  readonly load: () => number;
}

export type UploadLimit = (handle: Handler<Visit>) => Handler<Visit>;

/**
 * A sliding window per user, in which repeated uploads count too. The limit shrinks with the queue and the machine's load. Without Redis
 * there is no limit. The real engine loses its Retry-After header, so only the text has the time.
 */
export function createUploadLimit({ clock, redis, queued, load }: UploadLimitOptions): UploadLimit {
  return (handle) => (visit) => {
    if (redis.down) return handle(visit);
    const [base, seconds] = ['upload_rate_limit_per_user', 'upload_rate_limit_window'].map((key) =>
      Number(visit.api.current(key)),
    ) as [number, number];
    const limit = Math.max(1, Math.trunc(base * Math.min(share(queued(), [50, 100, 200]), share(load(), [1.5, 2, 3]))));
    const [now, user] = [clock(), visit.user?.id ?? ''];
    const recent = (redis.uploads.get(user) ?? []).filter((at) => now - at < seconds * 1000);
    redis.uploads.set(user, recent);
    const [oldest] = recent;
    if (oldest === undefined || recent.length < limit) {
      recent.push(now);
      return handle(visit);
    }
    const wait = Math.max(1, Math.trunc(oldest / 1000 + seconds - now / 1000));
    return detail(429, `Upload rate limit exceeded (${recent.length}/${limit} in ${seconds}s). Retry after ${wait}s.`);
  };
}

/** The share of the limit that is left. A configured limit of 0 is documented as "off" but allows one upload. */
function share(value: number, [half, quarter, tenth]: readonly [number, number, number]): number {
  if (value > tenth) return 0.1;
  if (value > quarter) return 0.25;
  return value > half ? 0.5 : 1;
}
