import type { Call } from '../../src/domain/call.js';
import type { Waiting } from '../../src/domain/rotation.js';
import type { ExecuteOptions, RotationRun } from './run.js';
import { stepFailureOf } from './step-failure.js';

interface Kept extends ExecuteOptions {
  readonly title: string;
}

interface RetryPauses {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** A store that is back is noticed within five minutes, and a wait of weeks still fits into one history. */
const patient: RetryPauses = { firstMs: 10_000, longestMs: 5 * 60_000 };
const urgent: RetryPauses = { firstMs: 2_000, longestMs: 60_000 };
const urgentAttempts = 5; // within 3 seconds: then the person who declared the emergency is told what else is possible

/**
 * Bookkeeping that a rotation cannot begin or end without. An unreachable store does not end a rotation: the call is retried without end, and
 * the rotation shows as waiting.
 * @throws ActivityFailure for a refusal that waiting does not change. Closing a rotation retries those too, unless another writer took over.
 * @throws Exit when an emergency takes over meanwhile
 */
export async function keep<R>(run: RotationRun, call: Call<R>, { title, ...options }: Kept): Promise<R> {
  const known = run.inbox.emergencies.length;
  const { emergency = run.mode === 'containing' } = options;
  const { firstMs, longestMs } = emergency ? urgent : patient;
  const asked = emergency ? { ...call, options: { ...call.options, attempts: urgentAttempts } } : call;
  for (let tries = 0; ; tries++) {
    try {
      return await run.execute(asked, title, options);
    } catch (error) {
      const { kind, why } = stepFailureOf(error);
      if (run.phase === 'close' ? kind === 'lost' : kind !== 'passing') throw error;
      const deadline = run.runtime.now() + Math.min(firstMs * 2 ** tries, longestMs);
      await run.wait(unreachable(run, `${title}: ${why}`, deadline), { deadline, known });
    }
  }
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
