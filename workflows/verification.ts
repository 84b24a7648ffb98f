import { metricMeter, proxyActivities, sleep } from '@temporalio/workflow';
import { ActivityFailure } from '@temporalio/common';
import type { VerificationActivities } from '../activities/verification/activities.js';
import type { Seen } from '../activities/verification/look.js';
import type { InForce } from '../src/domain/verification.js';

/** Argument of the workflow that looks at everything an engine uses. */
export interface VerificationInput {
  readonly engine: string;
  /** How long it may wait for a reload to show, in milliseconds: then the next one begins. */
  readonly withinMs: number;
}

/** What was found, by credential: a state, or why there is none. */
export type VerificationReport = Readonly<Record<string, string>>;

type Verification<Name extends keyof VerificationActivities> = {
  readonly [Each in Name as `verification.${Each}`]: VerificationActivities[Each];
};

const store = proxyActivities<Verification<'credentialsOf' | 'keepTrouble'>>({
  startToCloseTimeout: '15 seconds', // a few reads of our own store, which waits a second for its lock
  retry: { initialInterval: '1 second', maximumAttempts: 10 },
});

const outside = proxyActivities<Verification<'lookAt' | 'heal'>>({
  heartbeatTimeout: '10 seconds', // and nobody writes later than so long after the last sign of life
  startToCloseTimeout: '60 seconds', // some twenty requests of milliseconds each, the slowest seen took 6 seconds
  retry: { initialInterval: '5 seconds', maximumInterval: '30 seconds', maximumAttempts: 5 }, // a restart of the engine takes a minute
});

/** Looks at every value that an engine uses. What it no longer uses is made to be read again once; whether that helped is looked at after. */
export async function verifyInForce({ engine, withinMs }: VerificationInput): Promise<VerificationReport> {
  const report: Record<string, string> = {};
  const healed: Seen[] = [];
  for (const credential of await store['verification.credentialsOf'](engine)) {
    const seen = await look(credential, report);
    if (seen?.heal && (await heal(credential))) healed.push(seen);
  }
  const waitMs = Math.max(0, ...healed.map(({ againMs }) => againMs ?? 0));
  if (healed.length === 0 || waitMs > withinMs) return report; // the next look tells
  await sleep(waitMs, {
    summary: `until a reload must show, of ${healed.map(({ credential }) => credential).join(', ')}`,
  });
  for (const { credential } of healed) await look(credential, report);
  return report;
}

/** Null when nothing could be seen: that is kept, and what was known stays known. */
async function look(credential: string, report: Record<string, string>): Promise<Seen | null> {
  try {
    const seen = await outside['verification.lookAt'](credential);
    report[credential] = seen.skipped ?? seen.known?.state ?? 'nothing is known';
    if (seen.skipped === null && seen.known) show(credential, seen.known.state);
    return seen;
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    const why = error.cause?.message ?? 'it could not be looked at';
    report[credential] = why;
    await store['verification.keepTrouble']({ credential, why });
    return null;
  }
}

/** Whether the engine was made to reload. The ledger has it, and why not. */
async function heal(credential: string): Promise<boolean> {
  try {
    return (await outside['verification.heal'](credential)).why === null;
  } catch (error) {
    if (error instanceof ActivityFailure) return false; // looked at again the next time
    throw error;
  }
}

/** For alarms: 0 is what somebody has to look at. */
function show(credential: string, state: InForce): void {
  metricMeter
    .createGauge('keyturn_in_force_verified', 'int', undefined, '0 while something speaks against the version in force')
    .set(state === 'suspected' || state === 'drifted' ? 0 : 1, { credential });
}
