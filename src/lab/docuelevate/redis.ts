import type { Clock } from '../clock.js';

/** What the engine keeps in Redis, which in its compose file has nothing on disk. */
export interface Redis {
  /** Changes with every announced write of a setting. Null: no write was announced since Redis was empty. */
  version: string | null;
  /** Nothing is announced meanwhile. What was kept is gone. */
  down: boolean;
  announce(): void;
  empty(): void;
  /** When each user handed something in. */
  readonly uploads: Map<string, number[]>;
  /** Settles when Redis answers: tasks come from there. */
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
