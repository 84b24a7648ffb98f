import type { ScheduleSight } from '../../operations/schedules/schedule-control.js';
import type { ScheduleChange } from '../../operations/schedules/schedules.js';
import { columns } from '../terminal/layout.js';
import type { Paint } from '../terminal/paint.js';
import { moment } from '../terminal/time.js';

/** One line per credential: what changes, when it is due, and why. */
export function changesText(
  changes: readonly ScheduleChange[],
  { paint, next }: { readonly paint: Paint; readonly next: string | null },
): string[] {
  const { bold, dim } = paint;
  if (changes.length === 0) return ['The configuration has no credential yet.'];
  const header = ['credential', 'schedule', 'how often', 'due', 'begins', 'why'].map((text) => dim(text));
  const rows = changes.map(({ credential, change, why, schedule }) => [
    bold(credential),
    verbs(paint)[change],
    schedule?.basis ?? '–',
    ...(schedule ? [minute(schedule.dueAt), minute(schedule.opensAt)] : ['–', '–']),
    dim(why),
  ]);
  return [...columns([header, ...rows]), ...(next === null ? [] : ['', `  ${dim('Next')}  ${next}`])];
}

function verbs({ good, attention, bad, dim }: Paint): Readonly<Record<ScheduleChange['change'], string>> {
  return {
    create: good('+ create'),
    update: attention('~ update'),
    delete: bad('- delete'),
    keep: dim('= unchanged'),
    none: dim('none'),
  };
}

/** One line per schedule that Temporal has. */
export function schedulesText(schedules: readonly ScheduleSight[], { bold, dim, attention }: Paint): string[] {
  if (schedules.length === 0) return ['Nothing is scheduled. See what would be: keyturn schedules plan'];
  const header = ['credential', 'next', 'last', 'state'].map((text) => dim(text));
  const rows = schedules.map(({ credential, paused, note, nextAt, lastAt, missed }) => [
    bold(credential),
    nextAt === null || paused ? '–' : minute(nextAt),
    lastAt === null ? '–' : minute(lastAt),
    [
      paused ? attention(`paused, ${note ?? 'no reason given'}`) : 'active',
      ...(missed > 0 ? [attention(`missed ${missed} times`)] : []),
    ].join(', '),
  ]);
  return columns([header, ...rows]);
}

function minute(at: number): string {
  return moment(at).slice(0, 16);
}
