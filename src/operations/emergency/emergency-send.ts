import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { emergencyRevoke } from '../../../workflows/rotation/messages.js';
import { emergencyQueueOf, rotationId, taskQueueOf } from '../../domain/temporal-names.js';
import type { Emergency } from '../../store/records.js';
import { refuseUnprepared } from '../rotate/begin.js';
import { progressOf } from '../session/progress.js';
import { workersOf } from '../session/reach.js';
import { type Session } from '../session/session.js';
import { inputOf } from '../../../workers/compose.js';
import { startOptions } from '../rotate/start-rotation.js';

const acknowledgementMs = 5_000; // a rotation that can answer at all answers within a second
const claimMs = 10_000; // a fresh workflow on a queue of its own claims within a second
const pollMs = 100;

/** Which workflow took the emergency; `nobody` when none did. */
export type Sent = 'rotation' | 'containment' | 'nobody';

/**
 * Sends an emergency to the rotation of its credential, starting one when none runs. When that does not acknowledge in time, a containment
 * is started beside it. The workflow that claims the emergency in the store first conducts it.
 * @throws UserError when Temporal refuses it
 */
export async function sendEmergency(session: Session, client: Client, emergency: Emergency): Promise<Sent> {
  await signal(session, client, { emergency, as: 'rotation' });
  const isAcknowledged = () => acknowledged(session, client, emergency);
  if (await within(acknowledgementMs, isAcknowledged)) return 'rotation';
  if (!(await hasWorker(session, client))) return 'nobody'; // the rotation receives it as soon as a worker runs
  await signal(session, client, { emergency, as: 'containment' });
  if (await within(claimMs, () => claimed(session, emergency))) return 'containment';
  return 'nobody';
}

async function hasWorker({ store: { installation } }: Session, client: Client): Promise<boolean> {
  return (await workersOf(client, emergencyQueueOf(taskQueueOf(installation)))) > 0;
}

async function signal(
  session: Session,
  client: Client,
  { emergency, as }: { readonly emergency: Emergency; readonly as: 'rotation' | 'containment' },
): Promise<void> {
  const { id, credential, actor, reason } = emergency;
  const input = inputOf(credential, { actor, reason, trigger: 'emergency' });
  const { workflow, ...options } = startOptions(session, input, as);
  await client.workflow
    .signalWithStart(workflow, { ...options, signal: emergencyRevoke, signalArgs: [{ id, actor, reason }] })
    .catch(refuseUnprepared);
}

/** Claimed by either workflow, or received by the rotation, which then claims it as soon as it can. */
async function acknowledged(session: Session, client: Client, emergency: Emergency): Promise<boolean> {
  if (await claimed(session, emergency)) return true;
  const { progress } = await progressOf(client, rotationId(session.store.installation, emergency.credential));
  return progress?.emergencies.includes(emergency.id) === true && progress.outcome === null;
}

async function claimed({ store }: Session, { id, credential }: Emergency): Promise<boolean> {
  return (await store.emergencies(credential)).some((each) => each.id === id && each.fence !== null);
}

async function within(ms: number, happened: () => Promise<boolean>): Promise<boolean> {
  for (const deadline = Date.now() + ms; Date.now() < deadline; await sleep(pollMs)) if (await happened()) return true;
  return false;
}
