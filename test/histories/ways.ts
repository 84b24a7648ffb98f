import { containmentId } from '../../src/domain/temporal-names.js';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { RotationPolicy } from '../../src/domain/rotation.js';
import type { VersionRef } from '../../src/domain/version.js';
import { fastClock } from '../../src/lab/clock.js';
import { createPlayground } from '../../src/lab/playground.js';
import { startRehearsal } from '../../src/lab/rehearsal.js';
import { scenarios } from '../../src/lab/scenarios/index.js';
import { withCleanup } from '../../src/lab/with-cleanup.js';
import { type Session } from '../../src/operations/session/session.js';
import { inputOf } from '../../workers/compose.js';
import { hasten } from '../../src/operations/rotate/steer.js';
import { startOptions, startRotation } from '../../src/operations/rotate/start-rotation.js';
import { findTemporalBinary } from '../../src/temporal/binary.js';
import type { Activities } from '../../workers/registered.js';
import { emergencyRevoke } from '../../workflows/rotation/messages.js';
import { configure } from '../support/rehearsal.js';
import { decided } from '../support/decided.js';
import { until } from '../support/temporal.js';
import { progress } from '../../workflows/rotation/messages.js';

const dayMs = 86_400_000;
type Kept = Pick<WorkflowHandle, 'fetchHistory'>;

interface Way {
  readonly scenario?: string;
  readonly policy?: Partial<RotationPolicy>;
  readonly deliver?: readonly object[];
  /** Makes an activity fail until `over` is called. */
  readonly trouble?: { readonly activity: string; readonly fails: (version: VersionRef) => void };
  /** What happens while the rotation runs. */
  readonly meanwhile?: (at: At) => Promise<void>;
}

interface At {
  readonly handle: WorkflowHandle;
  readonly client: Client;
  readonly session: Session;
  readonly credential: string;
  /** Ends the trouble. */
  readonly over: () => void;
}

const asked = (handle: WorkflowHandle) => until(async () => (await handle.query(progress)).waiting !== null);
const leaked = { actor: 'recorder', reason: 'to record it' };

async function parked(handle: WorkflowHandle): Promise<void> {
  const first = (await handle.describe()).runId;
  await until(async () => (await handle.describe()).runId !== first);
  await asked(handle);
}

/** Ways that not every rotation takes, by the names of their recordings. A parked one makes two recordings. */
export const ways: Readonly<Record<string, Way>> = {
  'roll-back': {
    trouble: {
      activity: 'docuelevate.processTestDocument',
      fails({ number }) {
        if (number > 1) throw ApplicationFailure.nonRetryable('the document did not finish', 'CheckFailed');
      },
    },
  },
  emergency: {
    policy: { graceMs: 60_000 },
    async meanwhile({ handle }) {
      await asked(handle);
      await handle.signal(emergencyRevoke, leaked);
    },
  },
  'operator-wait': {
    trouble: {
      activity: 'openai.remove',
      fails() {
        throw ApplicationFailure.nonRetryable('it is not sure whose it is', 'NeedsDecision');
      },
    },
    async meanwhile({ handle, session, over }) {
      await parked(handle);
      over();
      await decided(session.store, handle, { ...leaked, decision: 'retry' });
    },
  },
  'parked-grace': {
    policy: { graceMs: 2 * dayMs },
    async meanwhile({ handle, session, credential }) {
      await parked(handle);
      await hasten(session, handle, { credential, actor: leaked.actor, byMs: null });
    },
  },
  delivery: { deliver: [{ file: './delivered-key' }] },
  pause: {
    scenario: 'aws-s3-access-keys',
    policy: { pauseMs: dayMs },
    async meanwhile({ handle, session, credential }) {
      await parked(handle);
      await hasten(session, handle, { credential, actor: leaked.actor, byMs: null });
    },
  },
  containment: {
    async meanwhile({ handle, client, session, credential }) {
      await handle.result();
      const input = inputOf(credential, { ...leaked, trigger: 'emergency' });
      const { workflow, ...options } = startOptions(session, input, 'containment');
      const signalling = { signal: emergencyRevoke, signalArgs: [leaked] as [typeof leaked] };
      await client.workflow.signalWithStart(workflow, { ...options, ...signalling });
      await client.workflow.getHandle(options.workflowId).result();
    },
  },
};

/** Plays a way, and hands over its history. The history of the run before it was parked is `<name>-before`. */
export async function recordWay(name: string, keep: (name: string, handle: Kept) => Promise<void>): Promise<void> {
  const { scenario: id = 'openai-api-key', policy = {}, deliver, trouble, meanwhile } = ways[name]!;
  await withCleanup(async (defer) => {
    const started = await scenarios[id]!({ clock: fastClock(1000) });
    defer(() => started.stop());
    const { credential } = started;
    const entry = { ...started.config.credentials[credential], ...(deliver && { deliver }) };
    const scenario = { ...started, config: { ...started.config, credentials: { [credential]: entry } } };
    const playground = await createPlayground(scenario, { grace: '0 seconds', giveUpAfter: '0 seconds' });
    defer(playground.remove);
    const binary = await findTemporalBinary({ report: () => undefined });
    let isOver = false;
    const around = (activities: Activities): Activities =>
      trouble ? { ...activities, [trouble.activity]: failing(activities, trouble, () => isOver) } : activities;
    const { client, session } = await startRehearsal({ scenario, playground, binary, around }, defer);
    const asConfigured = inputOf(credential, { ...leaked, trigger: 'manual' });
    const timing = { ...asConfigured.timing, parkAfterMs: 1000 };
    configure(session, credential, policy);
    const input = { ...asConfigured, timing };
    const { handle: first } = await startRotation(session, client, input);
    const { runId } = await first.describe();
    const handle = client.workflow.getHandle(first.workflowId);
    await meanwhile?.({ handle, client, session, credential, over: () => void (isOver = true) });
    await first.result();
    const last = name === 'containment' ? client.workflow.getHandle(containmentId(session.store.installation, credential)) : handle;
    await keep(name, last);
    const before = client.workflow.getHandle(first.workflowId, runId);
    if ((await before.describe()).status.name === 'CONTINUED_AS_NEW') await keep(`${name}-before`, before);
  });
}

function failing(
  activities: Activities,
  { activity, fails }: NonNullable<Way['trouble']>,
  isOver: () => boolean,
): Activities[string] {
  return async (subject: VersionRef | { readonly version: VersionRef }) => {
    if (!isOver()) fails('version' in subject ? subject.version : subject);
    return activities[activity]?.(subject as never);
  };
}
