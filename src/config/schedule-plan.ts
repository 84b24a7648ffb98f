import { shareOf, staggerMs, wholeSeconds } from '../domain/cadence.js';
import { durationMs } from '../domain/duration.js';
import type { ProcedureDescriptor } from '../domain/procedure.js';
import { cronOf } from '../schedules/cron.js';
import type { Cadence, SchedulePlan } from '../schedules/plan.js';
import { weekdays, type Window } from '../schedules/window.js';
import { credentialOf } from './policy.js';
import type { Config } from './schema.js';

/**
 * Null where neither the configuration nor the guide names an interval: then nothing is scheduled.
 * @throws UserError when there is no such credential
 */
export function schedulePlanOf(
  config: Config,
  credential: string,
  descriptor: ProcedureDescriptor,
): SchedulePlan | null {
  const { schedule = {} } = credentialOf(config, credential);
  const every = schedule.every ?? descriptor.every;
  const timezone = schedule.window?.timezone ?? 'UTC';
  const cadence = cadenceOf(credential, { every, cron: schedule.cron, timezone });
  if (!cadence) return null;
  return {
    ...{ credential, cadence, share: shareOf(credential) },
    basis: cadence.kind === 'cron' ? `cron ${cadence.text} ${timezone}` : `every ${every}`,
    window: windowOf({ ...schedule, timezone }),
    jitterMs: durationMs(schedule.jitter ?? '0 seconds'),
  };
}

function cadenceOf(
  credential: string,
  {
    every,
    cron: text,
    timezone,
  }: { readonly every: string | null; readonly cron?: string | undefined; readonly timezone: string },
): Cadence | null {
  if (text !== undefined) return { kind: 'cron', cron: cronOf(text, timezone), text };
  if (every === null) return null;
  const everyMs = wholeSeconds(durationMs(every));
  return { kind: 'every', everyMs, staggerMs: staggerMs(credential, everyMs) };
}

function windowOf(schedule: {
  readonly window?: Omit<Window, 'skip'> | undefined;
  readonly skip?: readonly string[] | undefined;
  readonly timezone: string;
}): Window | null {
  const { window, skip = [], timezone } = schedule;
  if (!window && skip.length === 0) return null;
  return { days: weekdays, hours: { from: 0, to: 24 }, timezone, ...window, skip };
}
