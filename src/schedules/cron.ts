import { Cron } from 'croner';
import { DateTime } from 'luxon';
import { onTheClock } from './window.js';

/** Why a cron expression is not valid, for a person; null when it is valid. */
export function whyNoCron(text: string): string | null {
  const [, , monthDay, , weekDay, ...more] = text.trim().split(/\s+/);
  if (weekDay === undefined || more.length > 0)
    return 'write five fields, minute hour day-of-month month day-of-week, for example "0 9 1 */3 *"';
  // Cron programs disagree whether two restricted days mean "and" or "or".
  if (monthDay !== '*' && weekDay !== '*') return 'restrict the day of the month or the day of the week, not both';
  try {
    return nextSlot(cronOf(text, 'UTC'), 0) === null ? 'no date matches it' : null;
  } catch (error) {
    const { message } = error as TypeError;
    return message.replace(/^CronPattern: /, '').replace(/^(Invalid value for \w+): -?\d+$/, '$1'); // the library's number counts days from 0
  }
}

/** @throws TypeError when the text is not a cron expression (`whyNoCron` says why) */
export function cronOf(text: string, timezone: string): Cron {
  return new Cron(text.trim(), { mode: '5-part', timezone });
}

/**
 * The first slot after a time, Unix ms; null when there is none. Times skipped by a DST change are skipped; repeated times fire once.
 */
export function nextSlot(cron: Cron, after: number): number | null {
  let slot = cron.nextRun(new Date(after));
  while (slot && !(cron.match(slot) && isFirst(slot, cron))) slot = cron.nextRun(slot);
  return slot?.getTime() ?? null;
}

/** False for the second of two equal local times after a DST change. */
function isFirst(slot: Date, { options }: Cron): boolean {
  const local = DateTime.fromJSDate(slot, { zone: String(options.timezone) });
  return onTheClock(local, local.hour, local.minute) === slot.getTime();
}
