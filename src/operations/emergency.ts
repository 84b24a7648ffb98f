import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { ownCredentials } from '../config/own-credentials.js';
import type { RotationReport } from '../domain/rotation.js';
import type { Emergency } from '../store/records.js';
import { containDirectly } from './emergency-direct.js';
import { type Sent, sendEmergency } from './emergency-send.js';
import { type EmergencyState, stateOf } from './emergency-state.js';
import { explain } from './explain.js';
import { progressOf } from './progress.js';
import type { Session } from './session.js';

/** An emergency of one credential, and what it has come to. */
export interface Conducted {
  readonly state: EmergencyState;
  /**
   * sending: nobody has answered yet. going: it is done right now. ended: see the state's outcome. waiting: a person is asked, `trouble`
   * says what. nobody: no worker took it; one that starts will. failed: it could not be sent, or not be done here.
   */
  readonly how: 'sending' | 'going' | 'ended' | 'waiting' | 'nobody' | 'failed';
  readonly trouble: string | null;
}

export interface Conducting {
  readonly session: Session;
  /** Null: in this process, without Temporal. */
  readonly client: Client | null;
  readonly signal: AbortSignal;
  readonly onChange: (conducted: Conducted) => void;
}

/** What sending it, or doing it here, came to. */
interface Came {
  readonly sent?: Sent;
  /** Done here, and over. */
  readonly report?: RotationReport;
  readonly trouble?: string;
}

const pollMs = 100; // reads of a few rows
const ownWaitMs = 120_000; // what the others need to be replaced, many times over; then ours are not left alone any longer

/** Conducts emergencies side by side; one that fails stops no other. Those of Keyturn's own credentials come last: the others need them. */
export async function conductAll(
  conducting: Conducting,
  emergencies: readonly Emergency[],
): Promise<readonly Conducted[]> {
  const own = ownCredentials(conducting.session.config);
  const others = emergencies.filter(({ credential }) => !own.has(credential));
  const ours = emergencies.filter(({ credential }) => own.has(credential));
  const first = Promise.all(others.map((emergency) => conduct(conducting, emergency)));
  if (ours.length > 0 && others.length > 0) await atMost(ownWaitMs, first, conducting.signal);
  const last = Promise.all(ours.map((emergency) => conduct(conducting, emergency)));
  return [...(await first), ...(await last)];
}

/** Conducts one emergency until it has ended, needs a person, or nobody takes it; or until `signal`, which leaves it going on. */
export async function conduct(conducting: Conducting, emergency: Emergency): Promise<Conducted> {
  const { session, client, signal, onChange } = conducting;
  const doing = client ? sendEmergency(session, client, emergency) : containDirectly(session, emergency);
  let came: Came | null = null;
  void doing.then(
    (done) => (came = typeof done === 'string' ? { sent: done } : { report: done }),
    (error: unknown) => (came = { trouble: whatOf(error) }),
  );
  for (;;) {
    const now = await look(conducting, emergency, came);
    onChange(now);
    const settled = now.how !== 'sending' && now.how !== 'going';
    if (settled || signal.aborted) return now;
    await pause(pollMs, signal);
  }
}

/** A store that is busy for a moment is asked again; a fault of this command stops nobody else's emergency. */
async function look(conducting: Conducting, emergency: Emergency, came: Came | null): Promise<Conducted> {
  const state = await patiently(() => stateOf(conducting.session, emergency));
  const as = (how: Conducted['how'], trouble: string | null = null): Conducted => ({ state, how, trouble });
  if (state.outcome !== null) return as('ended');
  if (came?.trouble !== undefined) return as('failed', came.trouble);
  if (came?.report) return as('failed', unrecorded(came.report));
  if (state.workflowId === null) return as(came?.sent === 'nobody' ? 'nobody' : 'sending');
  const asked = await askedOf(conducting, state.workflowId);
  return asked === null ? as('going') : as('waiting', asked);
}

/** It is over, and the store does not say so. */
function unrecorded({ outcome, why }: RotationReport): string {
  return `It ended as ${outcome}, and that could not be recorded${why === undefined ? '' : `: ${why}`}`;
}

/** What the workflow that does it asks a person; null when nothing. */
async function askedOf({ client }: Conducting, workflowId: string): Promise<string | null> {
  if (!client) return null;
  const { progress } = await progressOf(client, workflowId);
  return progress?.waiting?.for === 'operator' ? progress.waiting.why : null;
}

async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === 20) throw error;
      await sleep(pollMs);
    }
  }
}

function whatOf(error: unknown): string {
  const { what, next } = explain(error);
  return [what, next].filter((text) => text !== null).join('. ');
}

async function atMost(ms: number, work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  await Promise.race([work, pause(ms, AbortSignal.any([signal, over.signal]))]);
  over.abort();
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal }).catch(() => undefined);
}
