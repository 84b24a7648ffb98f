import type { LabServer } from '../server.js';
import type { ApiProcess } from './api-process.js';
import type { Containers } from './containers.js';
import type { Redis } from './redis.js';
import type { DocuElevateLab } from './server.js';
import type { Sessions } from './sessions.js';
import type { Settings } from './settings.js';
import type { Worker } from './worker.js';

/** The parts of the lab that the controls change. */
export interface Parts {
  readonly settings: Settings;
  readonly sessions: Sessions;
  readonly worker: Worker;
  readonly redis: Redis;
  readonly processes: readonly [ApiProcess, ...ApiProcess[]];
  readonly containers: Containers;
  readonly load: { perCore: number };
}

type Plain = LabServer & Pick<DocuElevateLab, 'files' | 'apiToken' | 'adminUsername' | 'compose'>;

/** Adds the controls that tests use. */
export function withControls(plain: Plain, parts: Parts): DocuElevateLab {
  const { settings, sessions, worker, redis, processes } = parts;
  const [api] = processes;
  const controls = {
    get adminPassword() {
      return api.current('admin_password') ?? '';
    },
    setting: (key: string) => settings.truth(key),
    apiHolds: (key: string) => api.current(key),
    writes: () => settings.writes,
    editSetting: (key: string, value: string | null, by: string) => api.write(key, value, by),
    setAdminPassword: (password: string) => api.write('admin_password', password, plain.adminUsername),
    restoreDatabase(changes: number) {
      settings.putBack(changes);
      processes.forEach((process) => process.restart());
    },
    restartApi: () => processes.forEach((process) => process.restart()),
    expireSessions: () => sessions.expireAll(),
    setEnvironment(key: string, value: string | null) {
      for (const environment of Object.values(parts.containers.environment)) put(environment, key, value);
    },
    setDotEnv: (key: string, value: string | null) => put(parts.containers.dotEnv, key, value),
    get load() {
      return parts.load.perCore;
    },
    set load(perCore) {
      parts.load.perCore = perCore;
    },
  };
  return combine(combine(combine(plain, controls), redisControls(redis, worker)), workerControls(worker));
}

function put(values: Map<string, string>, key: string, value: string | null): void {
  if (value === null) values.delete(key);
  else values.set(key, value);
}

function redisControls(redis: Redis, worker: Worker) {
  return {
    emptyRedis: () => redis.empty(),
    redisKeys: () => [
      ...(redis.version === null ? [] : ['docuelevate:settings_version']),
      ...[...redis.uploads.keys()].map((user) => `docuelevate:upload_rate:${user}`),
    ],
    get settingsVersion() {
      return redis.version;
    },
    set settingsVersion(version) {
      redis.version = version;
    },
    get redisDown() {
      return redis.down;
    },
    set redisDown(down: boolean) {
      const back = redis.down && !down;
      redis.down = down;
      if (back) worker.reconnect();
    },
  };
}

function workerControls(worker: Worker) {
  return {
    workerHolds: (key: string) => worker.holds(key),
    use: (what: string) => worker.use(what),
    checkCredentials: () => worker.checkCredentials(),
    restartWorker: () => worker.restart(),
    get staleWorker() {
      return worker.stale;
    },
    set staleWorker(stale) {
      worker.stale = stale;
    },
    get brokenDestination() {
      return worker.brokenDestination;
    },
    set brokenDestination(broken) {
      worker.brokenDestination = broken;
    },
    get beforeLine() {
      return worker.beforeLine;
    },
    set beforeLine(wait) {
      worker.beforeLine = wait;
    },
    get queueLength() {
      return worker.queueLength;
    },
    set queueLength(length) {
      worker.queueLength = length;
    },
  };
}

/** Adds the properties of `b` to `a`, and keeps getters and setters. */
function combine<A extends object, B extends object>(a: A, b: B): A & B {
  return Object.defineProperties(a, Object.getOwnPropertyDescriptors(b)) as A & B;
}
