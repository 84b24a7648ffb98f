import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  createDeploymentActivities,
  type Deployment,
  type DeploymentActivities,
} from '../../../activities/deployment/activities.js';
import { processesAreNew } from '../../../activities/deployment/processes.js';
import { Turns } from '../../../activities/deployment/turns.js';
import { Sessions } from '../../../activities/docuelevate/session.js';
import { attended } from '../../../activities/shared/attended.js';
import {
  type DocuElevateLab,
  type DocuElevateLabOptions,
  startDocuElevateLab,
} from '../../../src/lab/docuelevate/server.js';
import type { TaskPolicy } from '../../../src/domain/task.js';
import type { Finding } from '../../../src/domain/evidence.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { type Bench, randomValue, startBench } from '../bench.js';

export const key = 'webdav_password';
export const variable = 'WEBDAV_PASSWORD';

/** DocuElevate's lab with an environment file, a version in force there, and another one to put in its place. */
export interface DeploymentFixture {
  readonly bench: Bench;
  readonly lab: DocuElevateLab;
  readonly deployment: DeploymentActivities;
  /** What is seen of the processes after a restart. */
  processes(): Promise<Finding>;
  /** The same for a credential that feeds other settings. */
  activitiesFor(settings: Record<string, string>): DeploymentActivities;
  /** What the configuration says. */
  readonly configured: { -readonly [K in keyof Deployment]: Deployment[K] };
  readonly envFile: string;
  readonly old: VersionRef;
  readonly next: VersionRef;
  readonly values: { readonly old: string; readonly next: string };
  /** The restart command with another last part. */
  compose(...args: string[]): readonly string[];
  /** Names beside the environment file. */
  names(): string[];
  /** The line of the variable. */
  line(): string | undefined;
  edit(text: string): void;
  /** What API and worker use. */
  uses(): { readonly api: string; readonly worker: string };
  evidence(kind: string, ref?: VersionRef): Promise<{ outcome: string; detail: string; at: number }[]>;
  /** Idempotent. */
  stop(): Promise<void>;
}

const tasks: TaskPolicy = {
  ...{ owner: 'somebody', assignee: null, dueMs: 1, remindMs: 1, escalation: null, giveUpMs: null, urgentMs: 1 },
};
const watchMs = 1_500; // real milliseconds; the simulated processes are up after a fifth of it

export async function startDeploymentFixture(
  options: Partial<DocuElevateLabOptions> = {},
  values = { old: randomValue(), next: `new-${randomValue()}` },
): Promise<DeploymentFixture> {
  const bench = await startBench();
  let stopped: Promise<void> | undefined;
  const webdav = { url: 'http://127.0.0.1:1/', username: 'docs', password: values.old };
  const lab = await startDocuElevateLab({ webdav, deployed: true, bootMs: 300, credentialChecks: true, ...options });
  const { envFile = '', restart = [] } = lab.compose ?? {};
  const { credential } = bench;
  const configured = { engine: 'docs', envFile, restart, credentials: [credential] };
  const shared = {
    store: attended(bench.store),
    sessions: new Sessions(),
    deployment: () => configured,
    environment: (name: string) => (name === 'PATH' ? process.env['PATH'] : undefined),
    turns: new Turns(),
    upWithinMs: watchMs,
    watchMs,
    gatherMs: 0,
    tasks: () => tasks,
  };
  const login = { url: lab.url, username: lab.adminUsername, password: async () => lab.adminPassword };
  const depsFor = (settings: Record<string, string>) => ({ ...shared, engine: async () => ({ ...login, settings }) });
  const activitiesFor = (settings: Record<string, string>) => createDeploymentActivities(depsFor(settings));
  const deployment = activitiesFor({ [key]: 'key' });
  await bench.adopt({ key: values.old });
  const { current, next } = await bench.rotate();
  await bench.give(next, { key: values.next });
  return {
    processes: () => processesAreNew(depsFor({ [key]: 'key' }), next),
    ...{ bench, lab, deployment, activitiesFor, configured, envFile, old: current!, next, values },
    compose: (...args) => [...restart.slice(0, 3), ...args],
    names: () => readdirSync(dirname(envFile)).sort(),
    line: () => /^WEBDAV_PASSWORD=.*$/m.exec(readFileSync(envFile, 'utf8'))?.[0],
    edit: (text) => writeFileSync(envFile, readFileSync(envFile, 'utf8').replace(/^WEBDAV_PASSWORD=.*$/m, text)),
    uses: () => ({ api: lab.apiHolds(key) ?? '', worker: lab.workerHolds(key) ?? '' }),
    evidence: async (kind, ref = next) => (await bench.store.evidence(ref)).filter((each) => each.kind === kind),
    stop: () => (stopped ??= Promise.all([lab.stop(), bench.close()]).then(() => undefined)),
  };
}
