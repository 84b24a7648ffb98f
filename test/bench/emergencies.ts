import { rotationId } from '../../src/domain/temporal-names.js';
import { once, setMaxListeners } from 'node:events';
import type { Client } from '@temporalio/client';
import { fastClock } from '../../src/lab/clock.js';
import { createPlayground } from '../../src/lab/playground.js';
import { startRehearsal } from '../../src/lab/rehearsal.js';
import { withCleanup } from '../../src/lab/with-cleanup.js';
import { adopt } from '../../src/operations/setup/adopt.js';
import { conduct } from '../../src/operations/emergency/emergency.js';
import { type Session } from '../../src/operations/session/session.js';
import { inputOf } from '../../workers/compose.js';
import { startRotation } from '../../src/operations/rotate/start-rotation.js';
import { findTemporalBinary } from '../../src/temporal/binary.js';
import { startFleet } from '../support/fleet.js';

/** Seconds from the command to the provider's proved refusal, on simulated systems that answer at once. */
export type EmergencyFigures = {
  readonly emergencyIdleP50: number;
  readonly emergencyIdleP95: number;
  /** With 100 rotations in flight on the same server and worker. */
  readonly emergencyBusyP50: number;
  readonly emergencyBusyP95: number;
};

const rounds = 12;
const inFlight = 100;
const longestMs = 40_000; // on a slow machine fewer rounds count

type Place = { readonly client: Client; readonly session: Session };

/** Emergencies of one credential, one after the other: first alone, then beside a hundred rotations of others that begin anew as they end. */
export function measureEmergencies(): Promise<EmergencyFigures> {
  return withCleanup(async (defer) => {
    const fleet = await startFleet(inFlight + 1, { clock: fastClock(1000) });
    defer(() => fleet.stop());
    const playground = await createPlayground(fleet, { grace: '0 seconds' });
    defer(playground.remove);
    const binary = await findTemporalBinary({ report: () => undefined });
    const place = await startRehearsal({ scenario: fleet, playground, binary }, defer);
    const [subject = '', ...others] = Object.keys(fleet.values);
    for (const credential of others) {
      const parts = { key: fleet.values[credential] ?? '' };
      await adopt(place.session, { credential, parts, soleUser: true, actor: 'bench' });
    }
    const idle = await sample(place, subject);
    const over = new AbortController();
    setMaxListeners(inFlight, over.signal);
    const rotating = others.map((credential) => rotateAgainAndAgain(place, credential, over.signal));
    const busy = await sample(place, subject);
    over.abort();
    await Promise.all(rotating);
    return {
      ...{ emergencyIdleP50: percentile(idle, 50), emergencyIdleP95: percentile(idle, 95) },
      ...{ emergencyBusyP50: percentile(busy, 50), emergencyBusyP95: percentile(busy, 95) },
    };
  });
}

async function sample(place: Place, credential: string): Promise<number[]> {
  const seconds: number[] = [];
  for (const deadline = Date.now() + longestMs; seconds.length < rounds && Date.now() < deadline;)
    seconds.push(await emergency(place, credential));
  return seconds;
}

async function emergency({ client, session }: Place, credential: string): Promise<number> {
  const asked = await session.store.ask({ credential, actor: 'bench', reason: 'to measure it', versions: null });
  const { signal } = new AbortController();
  const { state } = await conduct({ session, client, signal, onChange: () => undefined }, asked);
  await client.workflow.getHandle(rotationId(session.store.installation, credential)).result(); // the next one is to start anew
  const times = state.versions.flatMap(({ refused, refusedAfterMs }) => (refused === 'proved' ? refusedAfterMs : null));
  if (times.length === 0 || times.includes(null)) throw new Error(`an emergency proved nothing: ${state.why ?? ''}`);
  return Math.max(...times.map(Number)) / 1000;
}

async function rotateAgainAndAgain({ client, session }: Place, credential: string, over: AbortSignal): Promise<void> {
  const input = inputOf(credential, { actor: 'bench', trigger: 'manual', reason: 'to be in the way' });
  const stopped = once(over, 'abort');
  while (!over.aborted) {
    const { handle } = await startRotation(session, client, input);
    const ended = handle.result();
    await Promise.race([ended, stopped]);
    if (!over.aborted) continue;
    ended.catch(() => undefined);
    await handle.terminate('enough was measured').catch(() => undefined); // it may just have ended
  }
}

function percentile(numbers: readonly number[], percent: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}
