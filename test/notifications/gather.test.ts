import { noticesOf, type Watched } from '../../src/notifications/gather.js';
import type { DueTimes } from '../../src/schedules/due-times.js';
import { nothingKnown, type Verification } from '../../src/domain/verification.js';
import type { RotationRow } from '../../src/store/records.js';

const hour = 3_600_000;
const now = Date.UTC(2026, 10, 22, 12);
const row: RotationRow = {
  ...{
    credential: 'openai',
    fence: 3,
    workflowId: 'rotation/openai',
    runId: 'r',
    version: 2,
    seized: false,
    graceMs: null,
  },
  request: { actor: 'ada', trigger: 'manual', reason: 'it is time' },
  ...{ openedAt: now - hour, closedAt: null, outcome: null, why: null },
};
const times: DueTimes = {
  ...{
    anchor: now,
    reset: null,
    scheduled: true,
    dueAt: now + 3 * 24 * hour,
    opensAt: now + 4 * 24 * hour,
    overdue: false,
    endsAt: null,
    byEnd: false,
  },
};
const watched: Watched = {
  credential: 'openai',
  owner: 'platform@example.com',
  times: null,
  rotations: [],
  tasks: [],
  inForce: null,
};

const notices = (change: Partial<Watched>, stuck: Parameters<typeof noticesOf>[1] = []) =>
  noticesOf({ ...watched, ...change }, stuck, { now, dueSoonMs: 7 * 24 * hour });
const events = (change: Partial<Watched>) => notices(change).map(({ id, event }) => `${event} ${id}`);

it('tells that a rotation began, by whom and why, and for whom it is', () => {
  expect(notices({ rotations: [row] })).toEqual([
    {
      ...{ id: 'openai/3/begun', event: 'started', at: now - hour, credential: 'openai', version: 2 },
      ...{
        owner: 'platform@example.com',
        summary: 'openai: the rotation to version 2 has begun',
        detail: 'By ada: it is time',
      },
    },
  ]);
});

it.each([
  ['retired', 'retired'],
  ['rolled-back', 'rolled-back'],
  ['abandoned', 'failed'],
  ['failed', 'failed'],
] as const)('tells that a rotation ended as %s', (outcome, event) => {
  const over = { ...row, closedAt: now, outcome, why: 'the document failed' };

  expect(notices({ rotations: [over] })[1]).toMatchObject({
    id: 'openai/3/over',
    event,
    detail: expect.stringContaining('the document failed') as string,
  });
});

it('calls an emergency one, also when it took over a planned rotation, and tells how it ended', () => {
  const takenOver = { ...row, seized: true, closedAt: now, outcome: 'replaced' as const };
  const contained = {
    ...row,
    fence: 4,
    request: { ...row.request, trigger: 'emergency' as const },
    closedAt: now,
    outcome: 'contained' as const,
  };

  expect(events({ rotations: [takenOver, contained] })).toEqual([
    'emergency openai/3/begun',
    'emergency openai/3/over',
    'emergency openai/4/begun',
    'emergency openai/4/over',
  ]);
});

it('tells no old stories to whoever has just asked to be told', () => {
  expect(
    events({ rotations: [{ ...row, openedAt: now - 100 * hour, closedAt: now - 99 * hour, outcome: 'retired' }] }),
  ).toEqual([]);
});

it('announces what is due soon, once for each time, with its window', () => {
  expect(notices({ times })).toMatchObject([
    {
      id: `openai/due/${times.dueAt}`,
      event: 'due-soon',
      detail: expect.stringContaining('begins 2026-11-26') as string,
    },
  ]);
  expect(events({ times: { ...times, dueAt: now + 8 * 24 * hour } })).toEqual([]);
  expect(events({ times: { ...times, scheduled: false } })).toEqual([]);
});

it('tells that a credential is overdue, scheduled or not, once for each time', () => {
  const overdue = { ...times, scheduled: false, overdue: true, dueAt: now - hour };

  expect(events({ times: overdue })).toEqual([`overdue openai/overdue/${overdue.dueAt}`]);
});

it('tells what a rotation waits for, and how to answer', () => {
  const stuck = {
    credential: 'openai',
    question: '1a2b3c4d',
    why: 'The old key is idle: it was used',
    choices: ['retry', 'skip'],
  };

  expect(notices({}, [stuck, { ...stuck, credential: 'another' }])).toMatchObject([
    {
      id: 'openai/waiting/1a2b3c4d',
      event: 'waiting',
      detail: expect.stringContaining('keyturn decide openai retry|skip --question 1a2b3c4d') as string,
    },
  ]);
});

it('tells of a drift once, and that it is over, with what was done about it', () => {
  const drifted: Verification = {
    ...{
      credential: 'openai',
      version: 2,
      state: 'drifted',
      drift: 'unused',
      why: 'its last use stands still',
      since: now,
    },
    ...{ lookedAt: now, verifiedAt: null, healTriedAt: null, healedAt: null, healedBy: null, trouble: null },
    memory: nothingKnown,
  };
  const healed = { ...drifted, state: 'verified', drift: null, healedAt: now, healedBy: 'keyturn' } as const;

  expect(notices({ inForce: drifted })).toMatchObject([
    { id: `openai/drifted/${now}`, event: 'drifted', version: 2, detail: 'its last use stands still' },
  ]);
  expect(notices({ inForce: healed })).toMatchObject([
    { id: `openai/healed/${now}`, event: 'healed', detail: 'Keyturn made the engine reload its settings.' },
  ]);
  expect(events({ inForce: { ...drifted, state: 'suspected' } })).toEqual([]);
  expect(events({ inForce: { ...healed, healedAt: now - 25 * hour } })).toEqual([]);
});
