import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { randomUUID } from 'node:crypto';
import { runDirectly } from '../../activities/shared/scope.js';
import { toFailure } from '../../activities/shared/to-failure.js';
import type { Run } from '../../workflows/rotation/procedure.js';
import type { Call } from '../domain/call.js';
import { durationMs } from '../domain/duration.js';
import type { Finding } from '../domain/evidence.js';
import { UserError } from '../domain/user-error.js';
import type { VersionRef } from '../domain/version.js';
import type { Writer } from '../store/records.js';
import type { Session } from './session.js';

/** A repair, with its writer and its fencing token. */
export interface Repairing {
  readonly session: Session;
  readonly credential: string;
  readonly writer: Writer;
  readonly fence: number;
  readonly onStep: (title: string) => void;
}

/** Runs one call in this process, with retries as in Temporal. It is repeatable, and an interrupted repair starts again. */
export async function performCall<R>(
  { session, writer }: Pick<Repairing, 'session' | 'writer'>,
  { activity, args, options }: Call<R>,
): Promise<R> {
  const run = session.activities[activity];
  if (!run) throw new Error(`no activity is called ${activity}`);
  const started = Date.now();
  const key = randomUUID();
  for (let attempt = 1; ; attempt++) {
    try {
      const waitedMs = Date.now() - started;
      return (await runDirectly(writer, () => run(...(args as never[])), { key, waitedMs })) as R;
    } catch (error) {
      const failure = toFailure(error);
      const pauseMs = pauseAfter(failure, durationMs(options.initialInterval ?? '1 second') * 2 ** (attempt - 1));
      if (pauseMs === null || attempt >= options.attempts) throw failure;
      await sleep(Math.min(pauseMs, durationMs(options.maximumInterval ?? '1 minute')));
    }
  }
}

function pauseAfter(failure: Error, growingMs: number): number | null {
  if (!(failure instanceof ApplicationFailure) || failure.nonRetryable) return null;
  return typeof failure.nextRetryDelay === 'number' ? failure.nextRetryDelay : growingMs;
}

interface RepairOptions {
  /** The version was never in force, so there are no questions and no waits. */
  readonly unused?: boolean;
  readonly retiresUnseen?: boolean;
  /** Proves the current version, for a procedure that does so once more. */
  readonly verify?: () => Promise<void>;
}

const nothing = (): Promise<void> => Promise.resolve();

/** Runs a procedure's steps in this process. */
export function repairRun(
  repairing: Repairing,
  next: VersionRef,
  { unused = false, retiresUnseen = false, verify = nothing }: RepairOptions = {},
): Run {
  async function check(title: string, call: Call<Finding>): Promise<void> {
    repairing.onStep(title);
    const { outcome, detail } = await performCall(repairing, call);
    if (outcome === 'failed') throw notShown(`${title}: ${detail}`);
  }
  const step: Run['step'] = async (title, call) => {
    repairing.onStep(title);
    await performCall(repairing, call);
  };
  return {
    next,
    current: null,
    delivers: true,
    retiresUnseen,
    step,
    async tryOut(title, call, { undo, trial }) {
      await step(title, call);
      try {
        await trial();
      } catch (error) {
        await step(`Put back: ${title}`, undo);
        throw error;
      }
    },
    check: async (title, call, { whenNot } = {}) => {
      if (!(unused && whenNot === 'ask')) await check(title, call);
    },
    task: (title) => Promise.reject(notShown(`${title}: this needs a person, and a rotation`)),
    pause: (title) => (unused ? Promise.resolve() : Promise.reject(notShown(`${title}: this needs a rotation`))),
    verify,
  };
}

function notShown(what: string): UserError {
  return new UserError(what, {
    state: 'This repair stopped there; what it had done before is in the ledger.',
    next: 'Correct that, then run the same command again.',
  });
}
