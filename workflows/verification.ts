import { metricMeter, proxyActivities, sleep } from '@temporalio/workflow';
import { ActivityFailure } from '@temporalio/common';
import type { VerificationActivities } from '../activities/verification/activities.js';
import type { Seen } from '../activities/verification/look.js';
import type { InForce } from '../src/domain/verification.js';

/** Argument of the workflow that looks at every credential of an engine. */
export interface VerificationInput {
  readonly engine: string;
  /** How long it may wait for the effect of a reload, in milliseconds. Then the next verification begins. */
  readonly withinMs: number;
}

/** By credential: its state, or why there is none. */
export type VerificationReport = Readonly<Record<string, string>>;

type Verification<Name extends keyof VerificationActivities> = {
  readonly [Each in Name as `verification.${Each}`]: VerificationActivities[Each];
};

const store = proxyActivities<Verification<'credentialsOf' | 'keepTrouble'>>({
  startToCloseTimeout: '15 seconds', // a few reads of our own store, which waits a second for its lock
  retry: { initialInterval: '1 second', maximumAttempts: 10 },
});

const outside = proxyActivities<Verification<'lookAt' | 'heal'>>({
  heartbeatTimeout: '10 seconds', // also the longest time from the last heartbeat to a write
  startToCloseTimeout: '60 seconds', // about twenty requests of milliseconds each; the slowest look took 6 seconds
  retry: { initialInterval: '5 seconds', maximumInterval: '30 seconds', maximumAttempts: 5 }, // a restart of the engine takes a minute
});

/** Looks at every value of an engine. Makes the engine reload, once, a value that it no longer uses, and then looks again. */
export async function verifyInForce({ engine, withinMs }: VerificationInput): Promise<VerificationReport> {
  const report: Record<string, string> = {};
  const healed: Seen[] = [];
  for (const credential of await store['verification.credentialsOf'](engine)) {
    const seen = await lookAt(credential, report);
    if (seen?.heal && (await heal(credential))) healed.push(seen);
  }
  const waitMs = Math.max(0, ...healed.map(({ againMs }) => againMs ?? 0));
  if (healed.length === 0 || waitMs > withinMs) return report; // the next verification shows whether it helped
  await sleep(waitMs, {
    summary: `until the reload of ${healed.map(({ credential }) => credential).join(', ')} must have taken effect`,
  });
  for (const { credential } of healed) await lookAt(credential, report);
  return report;
}

/** Null when the look failed. The failure is stored, and earlier knowledge is kept. */
async function lookAt(credential: string, report: Record<string, string>): Promise<Seen | null> {
  try {
    const seen = await outside['verification.lookAt'](credential);
    report[credential] = seen.skipped ?? seen.known?.state ?? 'nothing is known';
    if (seen.skipped === null && seen.known) setGauge(credential, seen.known.state);
    return seen;
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    const why = error.cause?.message ?? 'the look failed';
    report[credential] = why;
    await store['verification.keepTrouble']({ credential, why });
    return null;
  }
}

/** Whether the engine was made to reload. The ledger records it, or the reason why not. */
async function heal(credential: string): Promise<boolean> {
  try {
    return (await outside['verification.heal'](credential)).why === null;
  } catch (error) {
    if (error instanceof ActivityFailure) return false; // the next verification tries again
    throw error;
  }
}

/** A metric for alarms: at 0, somebody has to look. */
function setGauge(credential: string, state: InForce): void {
  metricMeter
    .createGauge('keyturn_in_force_verified', 'int', undefined, '0 while the version in force is suspected or drifted')
    .set(state === 'suspected' || state === 'drifted' ? 0 : 1, { credential });
}
