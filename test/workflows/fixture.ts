import { emergencyQueueOf, rotationId, taskQueueOf } from '../../src/domain/temporal-names.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { recordingInterceptor } from '../../activities/shared/interceptor.js';
import { createVersionsActivities } from '../../activities/versions/activities.js';
import type { EvidenceKind, Finding } from '../../src/domain/evidence.js';
import type { Progress, RotationInput, RotationPolicy, RotationReport } from '../../src/domain/rotation.js';
import type { Task, TaskAnswer, TaskPolicy, TaskText } from '../../src/domain/task.js';
import type { VersionRef } from '../../src/domain/version.js';
import { hasten } from '../../src/operations/rotate/steer.js';
import { endTask, tellRotation } from '../../src/operations/tasks/tasks.js';
import { createKeyRing } from '../../src/store/key-ring.js';
import { openStore } from '../../src/store/open-store.js';
import type { TaskEnding } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { registered } from '../../workers/registered.js';
import { progress } from '../../workflows/rotation/messages.js';
import { bundled } from '../support/bundled.js';
import { startTestTemporal, type TestTemporal, until } from '../support/temporal.js';
import type { Scripted } from './scripted/index.js';

export type Behavior = (
  verb: keyof Scripted,
  version: VersionRef,
) => void | Finding['outcome'] | Promise<void | Finding['outcome']>;

/** How a rotation goes, where it differs from one without grace and patience. */
type Wanted = Partial<RotationPolicy & RotationInput['timing']>;

/** A runner on a real server and a real store; only provider and engine follow a script. */
export interface Fixture {
  readonly temporal: TestTemporal;
  readonly store: Store;
  /** `<verb> <version number>` of every scripted call, in order. */
  readonly calls: string[];
  behave: Behavior;
  /** Who does tasks, and when they are due. */
  tasks: TaskPolicy;
  /** Runs when a task for a value is opened, before its rotation knows. */
  opened: () => Promise<void>;
  /** The open task of a credential, as soon as there is one. */
  task(credential: string): Promise<Task>;
  /** Somebody ends it, as a command does. */
  end(task: Task, ending?: Partial<TaskEnding>): Promise<void>;
  /** Makes the configuration say how a credential is rotated, and adopts its value unless it has one. */
  adopt(credential: string, policy: Partial<RotationPolicy>): Promise<void>;
  rotate(credential: string, wanted?: Wanted, workflow?: string): Promise<WorkflowHandle>;
  progress(handle: WorkflowHandle): Promise<Progress>;
  report(handle: WorkflowHandle): Promise<RotationReport>;
  /** A wait in progress is to last longer, or to end now (null). */
  hasten(handle: WorkflowHandle, wanted: Parameters<typeof hasten>[2]): Promise<void>;
  stop(): Promise<void>;
}

const kinds: Partial<Record<keyof Scripted, EvidenceKind>> = {
  accepts: 'accepted',
  idle: 'idle',
  refuses: 'refused',
  document: 'document',
  ours: 'setting-ours',
  seen: 'in-use',
  holds: 'setting-ours',
};
const verbs = [
  'create',
  'destroy',
  'disable',
  'enable',
  'accepts',
  'idle',
  'refuses',
  'write',
  'restore',
  'document',
  'seen',
] as const;

export async function startFixture(): Promise<Fixture> {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const temporal = await startTestTemporal();
  const dir = mkdtempSync(join(tmpdir(), 'keyturn-fixture-'));
  const store = await openStore({
    url: `sqlite:${join(dir, 'store.db')}`,
    ring: await createKeyRing(join(dir, 'ring.json')),
    create: true,
  });
  const fixture: Pick<Fixture, 'calls' | 'behave' | 'tasks' | 'opened'> = {
    opened: async () => undefined,
    calls: [],
    behave: () => undefined,
    tasks: threeDays,
  };
  const row = (name: string) => ({ name, procedure: 'scripted', account: 'script' });
  const policies = new Map<string, Partial<RotationPolicy>>();
  const systems = {
    versions: createVersionsActivities({
      store,
      credential: (name) => ({
        row: row(name),
        claims: [`script#${name}`],
        policy: { graceMs: 0, giveUpAfterMs: 0, ...policies.get(name) },
      }),
    }),
    // What the runner itself calls: to confirm an adopted value, and to notice that somebody changed it since.
    docuelevate: {
      writeSettings: act(store, fixture, 'write'),
      settingsAreOurs: act(store, fixture, 'ours'),
      holdsAdopted: act(store, fixture, 'holds'),
      collectAudit: async () => undefined,
      reload: async () => undefined,
    },
    script: {
      ...Object.fromEntries(verbs.map((verb) => [verb, (version: VersionRef) => act(store, fixture, verb)(version)])),
      async give(version: VersionRef) {
        if (!(await store.knownTask(version, 'Give a value'))) await store.intend(version);
        const view = await store.openTask(version, textOf('Give a value', 'value'), fixture.tasks);
        await fixture.opened();
        return view;
      },
      revoke: (version: VersionRef) => store.openTask(version, textOf('Revoke it', 'done'), fixture.tasks),
    },
  };
  const common = {
    connection: temporal.connection,
    namespace: 'default',
    activities: registered(systems),
    interceptors: { activity: [recordingInterceptor(store)] },
  };
  const codePath = await bundled(fileURLToPath(new URL('./scripted/index.ts', import.meta.url)));
  const taskQueue = taskQueueOf(store.installation);
  const workers = await Promise.all([
    Worker.create({ ...common, taskQueue, workflowBundle: { codePath }, maxHeartbeatThrottleInterval: '200 ms' }),
    Worker.create({ ...common, taskQueue: emergencyQueueOf(taskQueue), workflowBundle: { codePath } }),
  ]);
  const running = workers.map((worker) => worker.run());
  async function adopt(credential: string, policy: Partial<RotationPolicy>): Promise<void> {
    policies.set(credential, policy);
    if ((await store.versions(credential)).length > 0) return;
    await store.adopt({
      credential: row(credential),
      parts: { key: `value of ${credential}` },
      soleUser: true,
      actor: 'test',
      claims: [`script#${credential}`],
    });
  }
  return Object.assign(fixture, {
    temporal,
    store,
    adopt,
    async rotate(credential: string, { parkAfterMs, ...policy }: Wanted = {}, workflow = 'rotateScripted') {
      await adopt(credential, policy);
      const workflowId = rotationId(store.installation, credential);
      const request = { actor: 'test', trigger: 'manual', reason: 'a test' } as const;
      const wish = await store.wish({ for: 'rotation', credential, workflowId, ...request });
      return temporal.client.workflow.start(workflow, {
        workflowId,
        taskQueue,
        args: [
          {
            credential,
            request,
            wish,
            timing: { heartbeatMs: 2000, ...(parkAfterMs && { parkAfterMs }) },
          } satisfies RotationInput,
        ],
      });
    },
    task: (credential: string) =>
      until(async () => (await store.tasks(credential)).find(({ state }) => state === 'open')),
    async end(task: Task, ending: Partial<TaskEnding> = {}) {
      const parts = task.asks === 'value' ? { parts: { key: `a value for ${task.id}` } } : {};
      const ended = await endTask(
        { store },
        { task, ending: { state: 'done', actor: 'ada', words: null, ...parts, ...ending } },
      );
      await tellRotation({ store }, temporal.client, ended);
    },
    progress: (handle: WorkflowHandle) => handle.query(progress),
    report: (handle: WorkflowHandle) => handle.result() as Promise<RotationReport>,
    hasten: (handle: WorkflowHandle, wanted: Parameters<typeof hasten>[2]) => hasten({ store }, handle, wanted),
    async stop() {
      for (const worker of workers) worker.shutdown();
      await Promise.all(running);
      await store.destroy();
      await temporal.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  });
}

const threeDays: TaskPolicy = {
  ...{ owner: 'platform', assignee: null, dueMs: 3 * 86_400_000, remindMs: 86_400_000 },
  ...{ escalation: null, giveUpMs: 14 * 86_400_000, urgentMs: 900_000 },
};

function textOf(title: string, asks: TaskAnswer): TaskText {
  return { title, asks, instructions: ['Open the page', 'Do it'], handsOver: false, otherwise: 'It waits' };
}

function act(store: Store, fixture: Pick<Fixture, 'calls' | 'behave'>, verb: keyof Scripted) {
  return async (version: VersionRef): Promise<Finding | undefined> => {
    fixture.calls.push(`${verb} ${version.number}`);
    const outcome = (await fixture.behave(verb, version)) ?? 'proved';
    if (verb === 'create') {
      const intent = await store.intend(version);
      await store.keep(version, intent, { providerId: `script/${version.number}`, parts: { key: intent.nonce } });
    }
    const kind = kinds[verb];
    if (!kind) return undefined;
    const finding: Finding = { kind, outcome, detail: `the script says ${outcome}` };
    await store.prove(version, finding);
    return finding;
  };
}

/** What an outside system's firm "no" looks like to the runner. */
export function rejected(): ApplicationFailure {
  return ApplicationFailure.nonRetryable('script answered 400', 'Rejected');
}
