import type { RotationOutcome } from '../domain/rotation.js';
import type { DueTimes } from '../schedules/due-times.js';
import type { Task } from '../domain/task.js';
import type { RotationRow } from '../store/records.js';
import type { Verification } from '../domain/verification.js';
import type { Notice, NoticeEvent } from '../domain/notice.js';

/** A credential as the watch sees it. */
export interface Watched {
  readonly credential: string;
  readonly owner: string | undefined;
  readonly times: DueTimes | null;
  /** Newest first; repairs left out. */
  readonly rotations: readonly RotationRow[];
  /** Open ones. */
  readonly tasks: readonly Task[];
  /** Null before the first verification. */
  readonly inForce: Verification | null;
}

/** A rotation that cannot continue without a person. */
export interface Stuck {
  readonly credential: string;
  /** The id of the question: the same for one wait of one rotation. */
  readonly question: string;
  readonly why: string;
  readonly choices: readonly string[];
}

export interface Moment {
  readonly now: number;
  readonly dueSoonMs: number;
}

const oldestMs = 86_400_000; // older events are no news: turning notifications on does not report the past

/** All notices at a moment. A later call gives the same notices under the same ids. */
export function noticesOf(watched: Watched, stuck: readonly Stuck[], moment: Moment): Notice[] {
  const { credential, owner } = watched;
  const about = { credential, ...(owner !== undefined && { owner }) };
  const news = [
    ...watched.rotations.flatMap((rotation) => ofRotation(rotation, moment)),
    ...ofDueTimes(watched, moment),
    ...ofVerification(watched, moment),
    ...watched.tasks.flatMap((task) => ofTask(task, moment)),
    ...stuck.filter((one) => one.credential === credential).map((one) => ofStuck(one, moment)),
  ];
  return news.map((notice) => ({ ...notice, ...about, id: `${credential}/${notice.id}` }));
}

function ofRotation(rotation: RotationRow, { now }: Moment): Notice[] {
  const { fence, version, openedAt, closedAt, outcome } = rotation;
  const begun = { ...beginning(rotation), id: `${fence}/begun`, at: openedAt, version };
  const over =
    outcome && closedAt !== null ? { ...ending(rotation, outcome), id: `${fence}/over`, at: closedAt, version } : null;
  return [begun, ...(over ? [over] : [])].filter(({ at }) => at > now - oldestMs);
}

type NoticeText = Pick<Notice, 'event' | 'summary' | 'detail'>;

function beginning({ credential, version, request, seized }: RotationRow): NoticeText {
  const { actor, reason } = request;
  const detail = `By ${actor}: ${reason}`;
  if (seized || request.trigger === 'emergency')
    return { event: 'emergency', summary: `${credential}: every live version is being revoked`, detail };
  return { event: 'started', summary: `${credential}: the rotation to version ${version} has begun`, detail };
}

const endings: Readonly<Record<RotationOutcome, readonly [NoticeEvent, string]>> = {
  retired: ['retired', 'is in force, and the version before it is retired'],
  'rolled-back': ['rolled-back', 'was rolled back: the version before it is in force'],
  abandoned: ['failed', 'was abandoned'],
  failed: ['failed', 'failed'],
  contained: ['emergency', 'is not in force: everything before it is revoked, and nothing replaces it yet'],
  replaced: ['emergency', 'is in force, and everything before it is revoked'],
};

function ending({ credential, version, why }: RotationRow, outcome: RotationOutcome): NoticeText {
  const [event, words] = endings[outcome];
  const next = event === 'retired' ? null : `See its state: keyturn status ${credential}`;
  return {
    event,
    summary: `${credential}: version ${version} ${words}`,
    detail: [why, next].filter(Boolean).join('. ') || null,
  };
}

function ofDueTimes({ credential, times }: Watched, { now, dueSoonMs }: Moment): Notice[] {
  if (!times) return [];
  const { dueAt, opensAt, overdue, scheduled } = times;
  const due = new Date(dueAt).toISOString();
  if (overdue) {
    const detail = `It was due ${due}. See why it was not rotated: keyturn status ${credential}`;
    return [{ id: `overdue/${dueAt}`, at: now, event: 'overdue', summary: `${credential} is overdue`, detail }];
  }
  if (!scheduled || dueAt < now || dueAt - dueSoonMs > now) return [];
  const detail = `It is due ${due}, and begins ${new Date(opensAt).toISOString()} or later.`;
  return [{ id: `due/${dueAt}`, at: now, event: 'due-soon', summary: `${credential} will be rotated soon`, detail }];
}

/** Once for each drift, and once when it is over. */
function ofVerification({ credential, inForce }: Watched, { now }: Moment): Notice[] {
  if (!inForce) return [];
  const { version, state, why, since, healedAt, healedBy } = inForce;
  const drifted: Notice = {
    ...{ id: `drifted/${since}`, event: 'drifted', at: since, version, detail: why },
    summary: `${credential}: version ${version} is no longer in force as it was proved, and needs a person`,
  };
  const healed: Notice = {
    ...{ id: `healed/${healedAt}`, event: 'healed', at: healedAt ?? 0, version },
    summary: `${credential}: version ${version} is in force again`,
    detail: healedBy === 'keyturn' ? 'Keyturn made the engine reload its settings.' : null,
  };
  return [...(state === 'drifted' ? [drifted] : []), healed].filter(({ at }) => at > now - oldestMs);
}

/** A task when it is opened, a reminder each interval from its due time on, and one message to whom it is escalated. */
function ofTask(task: Task, { now }: Moment): Notice[] {
  const { id, credential, version, title, dueAt, openedAt, owner, assignee, remindMs, escalation, otherwise } = task;
  const who = assignee ?? owner;
  const about = { task: id, version, ...(who !== null && { for: who }) };
  const detail = `${otherwise}. To see what to do: keyturn tasks show ${id}`;
  const due = new Date(dueAt).toISOString();
  const opened: Notice = {
    ...{ ...about, id: `task/${id}`, event: 'task', at: openedAt, summary: `${credential}: ${title}` },
    detail: `It is due ${due}. ${detail}`,
  };
  if (now < dueAt) return [opened];
  const round = Math.floor((now - dueAt) / remindMs);
  const overdue = { ...about, event: 'task-overdue', summary: `${credential}: "${title}" is overdue` } as const;
  const reminder = { ...overdue, id: `task/${id}/reminder/${round}`, at: now, detail: `It was due ${due}. ${detail}` };
  if (!escalation || now < escalation.at) return [opened, reminder];
  const told = `${who ?? 'Nobody'} has not done it since ${due}. ${detail}`;
  const escalated = { ...overdue, id: `task/${id}/escalated`, at: escalation.at, for: escalation.to, detail: told };
  return [opened, reminder, escalated];
}

function ofStuck({ credential, question, why, choices }: Stuck, { now }: Moment): Notice {
  return {
    id: `waiting/${question}`,
    at: now,
    event: 'waiting',
    summary: `${credential}: its rotation waits for you`,
    detail: `${why}. To answer: keyturn decide ${credential} ${choices.join('|')} --question ${question} --reason "…"`,
  };
}
