import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { ownCredentials } from '../../config/references.js';
import type { RotationReport } from '../../domain/rotation.js';
import type { Emergency } from '../../store/records.js';
import { containDirectly } from './emergency-direct.js';
import { type Sent, sendEmergency } from './emergency-send.js';
import { type EmergencyState, stateOf } from './emergency-state.js';
import { explain } from '../session/explain.js';
import { progressOf } from '../session/progress.js';
import type { Session } from '../session/session.js';

/** An emergency of one credential, and how far it is. */
export interface Conducted {
  readonly state: EmergencyState;
  /**
   * - sending: no answer yet
   * - going: in progress
   * - ended: see the state's outcome
   * - waiting: for the answer of a person, to the question in `trouble`
   * - nobody: no worker took it; the next one that starts will
   * - failed: it could not be sent, or not be conducted in this process
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

/** The result of sending it, or of conducting it in this process. */
interface Result {
  readonly sent?: Sent;
  /** Of an emergency that ended in this process. */
  readonly report?: RotationReport;
  readonly trouble?: string;
}

const pollMs = 100; // reads of a few rows
const ownWaitMs = 120_000; // many times what replacing the others takes; then ours are revoked all the same

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

/** Conducts one emergency until it ended, needs a person, or no worker takes it. After `signal` it continues unwatched. */
export async function conduct(conducting: Conducting, emergency: Emergency): Promise<Conducted> {
  const { session, client, signal, onChange } = conducting;
  const doing = client ? sendEmergency(session, client, emergency) : containDirectly(session, emergency);
  let result: Result | null = null;
  void doing.then(
    (done) => (result = typeof done === 'string' ? { sent: done } : { report: done }),
    (error: unknown) => (result = { trouble: whatOf(error) }),
  );
  for (;;) {
    const now = await conductedSoFar(conducting, emergency, result);
    onChange(now);
    const settled = now.how !== 'sending' && now.how !== 'going';
    if (settled || signal.aborted) return now;
    await pause(pollMs, signal);
  }
}

/** Reads a busy store again. A failure becomes `failed`, so that it stops no other emergency. */
async function conductedSoFar(conducting: Conducting, emergency: Emergency, result: Result | null): Promise<Conducted> {
  const state = await withRetries(() => stateOf(conducting.session, emergency));
  const as = (how: Conducted['how'], trouble: string | null = null): Conducted => ({ state, how, trouble });
  if (state.outcome !== null) return as('ended');
  if (result?.trouble !== undefined) return as('failed', result.trouble);
  if (result?.report) return as('failed', unrecorded(result.report));
  if (state.workflowId === null) return as(result?.sent === 'nobody' ? 'nobody' : 'sending');
  const asked = await askedOf(conducting, state.workflowId);
  return asked === null ? as('going') : as('waiting', asked);
}

/** For an emergency that ended while the store does not say so. */
function unrecorded({ outcome, why }: RotationReport): string {
  return `It ended as ${outcome}, but that could not be recorded${why === undefined ? '' : `: ${why}`}`;
}

async function askedOf({ client }: Conducting, workflowId: string): Promise<string | null> {
  if (!client) return null;
  const { progress } = await progressOf(client, workflowId);
  return progress?.waiting?.for === 'operator' ? progress.waiting.why : null;
}

async function withRetries<T>(read: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await read();
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

async function atMost(ms: number, pending: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  await Promise.race([pending, pause(ms, AbortSignal.any([signal, over.signal]))]);
  over.abort();
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal }).catch(() => undefined);
}
