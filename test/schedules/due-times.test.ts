import type { RotationOutcome } from '../../src/domain/rotation.js';
import { dueAfter, type SchedulePlan } from '../../src/schedules/plan.js';
import { firstAnchor, type Records, dueTimesOf } from '../../src/schedules/due-times.js';
import { termsOf } from '../../src/schedules/terms.js';
import { cronOf } from '../../src/schedules/cron.js';
import type { RotationRow, Version } from '../../src/store/records.js';

const day = 86_400_000;
const start = Date.UTC(2026, 0, 1);
const plan: SchedulePlan = {
  ...{ credential: 'openai', basis: 'every 90 days', window: null, share: 0.5, jitterMs: 0 },
  cadence: { kind: 'every', everyMs: 90 * day, staggerMs: 0 },
};
const office: SchedulePlan = {
  ...plan,
  window: { days: ['mon'], hours: { from: 9, to: 11 }, timezone: 'UTC', skip: [] },
};

interface Past {
  readonly version: number;
  /** In days after the start. */
  readonly promoted: number | null;
  readonly closed: number | null;
  readonly outcome: RotationOutcome | null;
  readonly request?: Partial<RotationRow['request']>;
  readonly seized?: boolean;
}

/** Adopted at the start and scheduled from there, unless a test says otherwise; then rotated like this. */
function records(
  past: readonly Past[] = [],
  cadence: Records['cadence'] = { anchor: start, basis: '', why: '' },
): Records {
  const newest = past.findLast(({ promoted, outcome }) => promoted !== null && outcome !== 'rolled-back')?.version ?? 1;
  const versions = [{ version: 1, promoted: null }, ...past].map(({ version, promoted }) => ({
    ...{ number: version, state: version === newest ? 'current' : 'retired', createdAt: start },
    promotedAt: promoted === null ? null : start + promoted * day,
  }));
  const rotations = past.map(({ version, closed, outcome, request, seized = false }) => ({
    ...{ credential: 'openai', version, outcome, seized, closedAt: closed === null ? null : start + closed * day },
    request: { actor: 'ada', trigger: 'manual', reason: 'a test', ...request },
  }));
  return { cadence, versions: versions as Version[], rotations: rotations.reverse() as RotationRow[], endsAt: null };
}

const times = (known: Records, atDay: number, by = plan) => {
  const found = dueTimesOf(by, known, start + atDay * day);
  return found && { due: (found.dueAt - start) / day, opens: (found.opensAt - start) / day, overdue: found.overdue };
};

it('is due before the provider ends it by itself, whatever the interval says', () => {
  const ending = { ...records(), endsAt: start + 40 * day };
  const soon = { ...records(), endsAt: start + 4 * day };
  const late = { ...records(), endsAt: start + 400 * day };

  expect(times(ending, 1)).toEqual({ due: 33, opens: 33, overdue: false });
  expect(times(ending, 34)).toMatchObject({ due: 33, overdue: true });
  expect(times(soon, 1)).toMatchObject({ due: 3 });
  expect(times(late, 1)).toMatchObject({ due: 90 });
});

it('is due an interval after its adoption, scheduled or not', () => {
  expect(times(records(), 1)).toEqual({ due: 90, opens: 90, overdue: false });
  expect(times(records([], null), 91)).toEqual({ due: 90, opens: 91, overdue: true });
});

it('keeps to its cadence when it is rotated by hand in between', () => {
  expect(times(records([{ version: 2, promoted: 80, closed: 81, outcome: 'retired' }]), 82)).toMatchObject({
    due: 90,
  });
});

it('counts anew from an emergency, and from a rotation that was asked to', () => {
  const emergency = {
    version: 2,
    promoted: 80,
    closed: 81,
    outcome: 'replaced',
    request: { trigger: 'emergency' },
  } as const;
  const asked = { version: 2, promoted: 70, closed: 71, outcome: 'retired', request: { resetsCadence: true } } as const;
  const takenOver = { version: 2, promoted: 60, closed: 61, outcome: 'replaced', seized: true } as const; // begun by hand, ended by an emergency

  expect(times(records([emergency]), 82)).toMatchObject({ due: 170 });
  expect(times(records([asked]), 82)).toMatchObject({ due: 160 });
  expect(times(records([takenOver]), 82)).toMatchObject({ due: 150 });
});

it('does not count from a rotation that was rolled back, or contained without a new value', () => {
  const back = {
    version: 2,
    promoted: 80,
    closed: 81,
    outcome: 'rolled-back',
    request: { resetsCadence: true },
  } as const;
  const contained = {
    version: 3,
    promoted: null,
    closed: 82,
    outcome: 'contained',
    request: { trigger: 'emergency' },
  } as const;

  expect(times(records([back, contained]), 85)).toMatchObject({ due: 90 });
});

it('is overdue once it should have begun, and not while it waits for its window or is being rotated', () => {
  const waiting = times(records(), 91, office);
  const late = times(records(), 100, office);

  expect(waiting).toEqual({ due: 90, opens: 95 + 10 / 24, overdue: false }); // day 90 is a Wednesday, the next Monday day 95
  expect(late).toMatchObject({ due: 90, overdue: true });
  expect(times(records(), 90.03)).toMatchObject({ overdue: false }); // it may have to wait for its turn
  const open = { version: 2, promoted: null, closed: null, outcome: null } as const;
  expect(times(records([open]), 100)).toMatchObject({ overdue: false });
});

it('is done for the time it fell due during a grace', () => {
  const graceful = { version: 2, promoted: 89, closed: 92, outcome: 'retired' } as const;

  expect(times(records([graceful]), 93)).toMatchObject({ due: 180, overdue: false });
});

it('stays overdue when the scheduled rotation was rolled back', () => {
  const back = {
    version: 2,
    promoted: null,
    closed: 91,
    outcome: 'rolled-back',
    request: { trigger: 'schedule' },
  } as const;

  expect(times(records([back]), 92)).toMatchObject({ due: 90, overdue: true });
});

it('has nothing to be due without a version in force', () => {
  expect(times({ ...records(), versions: [] }, 1)).toBeNull();
});

it('gives what is overdue already a day of notice instead of rotating it at once', () => {
  const late = firstAnchor(plan, start, start + 100 * day);
  const inTime = firstAnchor(plan, start, start + 80 * day);

  expect(late.late && dueAfter(plan, late.anchor, 0)).toBe(start + 101 * day);
  expect(inTime).toEqual({ anchor: start, late: false });
});

describe('by the calendar', () => {
  const quarterly: SchedulePlan = {
    ...plan,
    cadence: { kind: 'cron', cron: cronOf('0 9 1 */3 *', 'UTC'), text: '0 9 1 */3 *' },
  };

  it('is due at the times it names, but not within a day of where it counts from', () => {
    const eve = Date.UTC(2026, 2, 31, 12);

    expect(dueAfter(quarterly, start, start)).toBe(Date.UTC(2026, 3, 1, 9));
    expect(dueAfter(quarterly, eve, eve)).toBe(Date.UTC(2026, 6, 1, 9));
  });
});

it('tells Temporal the same grid, and to catch up no more than one interval', () => {
  const { spec, catchupMs } = termsOf(plan, start, start);
  const [interval] = spec.intervals ?? [];

  expect(catchupMs).toBe(90 * day);
  expect((Number(spec.startAt) - Number(interval?.offset)) % Number(interval?.every)).toBe(0);
  expect(Number(spec.startAt)).toBe(start + 90 * day);
});
