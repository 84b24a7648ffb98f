import { ApplicationFailure, defineQuery, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';
import type { DecisionRequest, EmergencyRequest, Haste, Parked, Progress, Waiting } from '../../src/domain/rotation.js';

/** Revoke now, replace after. Valid at any moment of a rotation; starts one when none is open (signal-with-start). */
export const emergencyRevoke = defineSignal<[EmergencyRequest]>('emergencyRevoke');
/**
 * Ends the grace or the pause in progress, or moves its end, as recorded in the store under this id. The proof before a destruction is still
 * taken. Refused when there is neither.
 */
export const haste = defineUpdate<void, [Haste]>('haste');
/** Answers a waiting rotation. An impossible answer is refused with the possible ones. */
export const decide = defineUpdate<void, [DecisionRequest]>('decide');
/** Somebody has ended the task with this id. How, and with what, is in the store. Refused when the rotation does not wait for it. */
export const endTask = defineUpdate<void, [{ readonly task: string }]>('endTask');
export const progress = defineQuery<Progress>('progress');

/** Messages that are not dealt with yet. Handlers only record; the runner reads. */
export interface Inbox {
  readonly emergencies: EmergencyRequest[];
  /** How many of the emergencies are dealt with. */
  handled: number;
  /** Decisions, by the id of the wait that they answer. */
  readonly answers: Map<string, DecisionRequest>;
  /** Ids of tasks that somebody has ended. */
  readonly ended: Set<string>;
  readonly haste: Haste[];
}

/** Begins with what an earlier run of this rotation has not dealt with. */
export function inboxOf(parked?: Partial<Parked>): Inbox {
  const { emergencies = [], answers = [], ended = [], haste = [] } = parked ?? {};
  return {
    emergencies: [...emergencies],
    handled: 0,
    answers: new Map(answers.map((answer) => [answer.question, answer])),
    ended: new Set(ended),
    haste: [...haste],
  };
}

/** For the next run. */
export function parkedOf({ emergencies, handled, answers, ended, haste }: Inbox) {
  return {
    emergencies: emergencies.slice(handled),
    ...{ answers: [...answers.values()], ended: [...ended], haste: [...haste] },
  } satisfies Partial<Parked>;
}

/** Registers the handlers. Call it before anything is awaited: buffered messages are delivered at once. */
export function listen(inbox: Inbox, waiting: () => Waiting | null, asksFor: (task: string) => boolean): void {
  setHandler(emergencyRevoke, (request) => {
    const known = request.id !== undefined && inbox.emergencies.some(({ id }) => id === request.id);
    if (!known) inbox.emergencies.push(request);
  });
  const inGrace: { validator: (asked: Haste) => void } = { validator: () => requireGrace(waiting()) };
  setHandler(haste, ({ wish }) => void inbox.haste.push({ wish }), inGrace);
  setHandler(decide, (request) => take(inbox, request), {
    validator: (request: DecisionRequest) => refuse(request, waiting(), inbox),
  });
  setHandler(endTask, ({ task }) => void inbox.ended.add(task), {
    validator: ({ task }: { readonly task: string }) => {
      if (!asksFor(task)) throw new Error(`the rotation does not wait for task ${task}`);
    },
  });
}

export function emergencyPending(inbox: Inbox): boolean {
  return inbox.handled < inbox.emergencies.length;
}

function requireGrace(waiting: Waiting | null): void {
  if (waiting?.for === 'grace' || waiting?.for === 'pause') return;
  throw new Error(
    waiting ? `the rotation is in no grace; it waits for: ${waiting.why}` : 'the rotation is in no grace',
  );
}

/** Both of two that arrive together pass the validator: the first one counts. */
function take({ answers }: Inbox, request: DecisionRequest): void {
  const first = answers.get(request.question);
  if (first) throw ApplicationFailure.nonRetryable(answeredBy(first));
  answers.set(request.question, request);
}

function answeredBy({ question, decision, actor, reason }: DecisionRequest): string {
  return `the question ${question} was answered already, with "${decision}" by ${actor}: ${reason}`;
}

function refuse({ question, decision }: DecisionRequest, waiting: Waiting | null, { answers }: Inbox): void {
  const first = answers.get(question);
  if (first) throw new Error(answeredBy(first));
  if (!waiting) throw new Error('the rotation is not waiting for a decision');
  if (waiting.id !== question)
    throw new Error(`the rotation does not ask ${question || 'that'} now, but ${waiting.id}: ${waiting.why}`);
  if (!waiting.choices.includes(decision))
    throw new Error(`"${decision}" is not possible now, only: ${waiting.choices.join(', ')}`);
}
