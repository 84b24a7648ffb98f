import { defineQuery, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';
import type { Decision, DecisionRequest, EmergencyRequest, Progress, Waiting } from '../../src/domain/rotation.js';

/** Revoke now, replace after. Works at any moment of a rotation, and starts one when none is open (signal-with-start). */
export const emergencyRevoke = defineSignal<[EmergencyRequest]>('emergencyRevoke');
/** Ends the grace or the pause in progress; the proof before a destruction is still taken. */
export const retireNow = defineSignal<[{ readonly actor: string }]>('retireNow');
/** Moves the end of the grace or the pause in progress by this many milliseconds. */
export const extendGrace = defineSignal<[{ readonly actor: string; readonly byMs: number }]>('extendGrace');
/** Answers a rotation that waits. Refused with the possible answers when this one is not among them. */
export const decide = defineUpdate<void, [DecisionRequest]>('decide');
/** Says that the task with this title is done. */
export const completeTask = defineUpdate<void, [{ readonly actor: string; readonly title: string }]>('completeTask');
export const progress = defineQuery<Progress>('progress');

/** What has arrived and is not dealt with yet. Handlers only record; the runner reads. */
export interface Inbox {
  readonly emergencies: EmergencyRequest[];
  /** How many of the emergencies are dealt with. */
  handled: number;
  readonly decisions: DecisionRequest[];
  readonly completed: Set<string>;
  retireNow: boolean;
  extendMs: number;
}

export function emptyInbox(pending: readonly EmergencyRequest[] = []): Inbox {
  return { emergencies: [...pending], handled: 0, decisions: [], completed: new Set(), retireNow: false, extendMs: 0 };
}

/** Registers the handlers. Called before anything is awaited: buffered messages are delivered at once. */
export function listen(inbox: Inbox, waiting: () => Waiting | null): void {
  setHandler(emergencyRevoke, (request) => {
    const known = request.id !== undefined && inbox.emergencies.some(({ id }) => id === request.id);
    if (!known) inbox.emergencies.push(request);
  });
  setHandler(retireNow, () => void (inbox.retireNow = true));
  setHandler(extendGrace, ({ byMs }) => void (inbox.extendMs += byMs));
  setHandler(decide, (request) => void inbox.decisions.push(request), {
    validator: (request: DecisionRequest) => refuse(request.decision, waiting()),
  });
  setHandler(completeTask, ({ title }) => void inbox.completed.add(title), {
    validator: ({ title }: { readonly title: string }) => {
      if (waiting()?.why !== title) throw new Error(`the rotation is not waiting for "${title}"`);
    },
  });
}

export function emergencyPending(inbox: Inbox): boolean {
  return inbox.handled < inbox.emergencies.length;
}

function refuse(decision: Decision, waiting: Waiting | null): void {
  if (!waiting) throw new Error('the rotation is not waiting for a decision');
  if (!waiting.choices.includes(decision))
    throw new Error(`"${decision}" is not possible now: ${waiting.choices.join(', ')}`);
}
