import type { Call } from '../../src/domain/call.js';
import type { Waiting } from '../../src/domain/rotation.js';
import type { RotationRun } from './run.js';
import { stepFailureOf } from './step-failure.js';
import type { Runtime } from './runtime.js';

interface Patience {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** A store that is back is found within five minutes, and a wait of weeks still fits into one history. */
const patient: Patience = { firstMs: 10_000, longestMs: 5 * 60_000 };
const urgent: Patience = { firstMs: 2_000, longestMs: 60_000 };
const urgentAttempts = 5; // within 3 seconds: then whoever asked for the emergency hears what else can be done

/**
 * What a rotation neither begins nor ends without. A store that cannot be reached is no reason to leave a rotation, so it is asked again
 * without end, and whoever looks sees a rotation that waits.
 * @throws ActivityFailure for a "no" that waiting does not change; what closes a rotation goes on to ask as long as that is its own
 * @throws Exit when an emergency takes over meanwhile
 */
export async function keep<R>(run: RotationRun, call: Call<R>, step: Parameters<Runtime['execute']>[1]): Promise<R> {
  const known = run.inbox.emergencies.length;
  const { firstMs, longestMs } = step.emergency ? urgent : patient;
  for (let tries = 0; ; tries++) {
    try {
      return await run.runtime.execute(step.emergency ? hurried(call) : call, step);
    } catch (error) {
      const { kind, why } = stepFailureOf(error);
      if (step.phase === 'close' ? kind === 'lost' : kind !== 'passing') throw error;
      const deadline = run.runtime.now() + Math.min(firstMs * 2 ** tries, longestMs);
      await run.wait(unreachable(run, `${step.title}: ${why}`, deadline), { deadline, known });
    }
  }
}

function hurried<R>(call: Call<R>): Call<R> {
  return { ...call, options: { ...call.options, attempts: urgentAttempts } };
}

function unreachable({ mode, input: { credential } }: RotationRun, why: string, until: number): Omit<Waiting, 'id'> {
  const contains = mode === 'containing';
  return {
    for: 'operator',
    why: contains ? `${why}. Without the store: keyturn emergency ${credential} --direct` : why,
    impact: contains ? 'what leaked may still be accepted' : 'none: what documents use stays as it is',
    until,
    then: 'the store is asked again',
    choices: ['retry'],
    effects: { retry: 'asks the store again now' },
  };
}
