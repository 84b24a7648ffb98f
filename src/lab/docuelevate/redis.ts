import type { Clock } from '../clock.js';

/** The engine's data in Redis, which its compose file runs without persistence. */
export interface Redis {
  /** Changes with every announced write of a setting. Null when no write was announced since Redis was last empty. */
  version: string | null;
  /** While true, no write is announced. All data are lost. */
  down: boolean;
  announce(): void;
  empty(): void;
  /** Times of each user's uploads. */
  readonly uploads: Map<string, number[]>;
  /** Resolves when Redis answers. Tasks come from there. */
  reachable(): Promise<void>;
}

export function createRedis(clock: Clock): Redis {
  const uploads = new Map<string, number[]>();
  let [version, writes]: [string | null, number] = [null, 0];
  let outage: { readonly over: Promise<void>; end(): void } | null = null;
  const redis: Redis = {
    uploads,
    get version() {
      return version;
    },
    set version(text) {
      version = text;
    },
    get down() {
      return outage !== null;
    },
    set down(down) {
      if (down === redis.down) return;
      redis.empty();
      outage?.end();
      outage = down ? newOutage() : null;
    },
    announce() {
      if (!redis.down) version = `${clock() / 1000}.${(writes += 1)}`;
    },
    empty() {
      version = null;
      uploads.clear();
    },
    reachable: () => outage?.over ?? Promise.resolve(),
  };
  return redis;
}

function newOutage() {
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  return { over, end };
}
