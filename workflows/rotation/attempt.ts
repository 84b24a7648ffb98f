import type { Call } from '../../src/domain/call.js';
import { versionOf } from '../../src/domain/call.js';
import type { EvidenceKind, Finding } from '../../src/domain/evidence.js';
import type { Decision, DecisionRequest, StepProgress, StepFailure } from '../../src/domain/rotation.js';
import { recorded } from './decided.js';
import type { RotationRun } from './run.js';
import { promptAfterFailure } from './operator-prompt.js';
import type { Wait } from './parking.js';
import { Exit, retryPauseMs, stepFailureOf } from './step-failure.js';

/** Proof that goes stale again and again is a question for a person. */
const mostStaleRounds = 3;

export interface Attempted {
  readonly title: string;
  readonly call: Call;
  /** It only asks and changes nothing. */
  readonly check?: boolean;
  /** A check whose failure is a question to a person. */
  readonly ask?: boolean;
}

/** How a step ended, for the list that people see. */
export type Ended = Pick<StepProgress, 'state' | 'outcome' | 'detail'>;

interface Failed {
  readonly failure: StepFailure;
  readonly kind?: EvidenceKind;
}

/** Runs a step until it succeeds, a person skips it, or the rotation leaves the way it is on (throws Exit). */
export async function attempt(run: RotationRun, attempted: Attempted): Promise<Ended> {
  const { parking, runtime, inbox } = run;
  const known = inbox.emergencies.length;
  const parked = parking.troubledAt(attempted.title);
  const { since, tries: before } = parked ?? { since: runtime.now(), tries: -1 };
  const ended = parked && (await waitOut(run, { ...attempted, ...parked, known, isParked: true }));
  if (ended) return ended;
  for (let tries = before + 1; ; tries++) {
    parking.goesOn();
    const result = await once(run, attempted);
    if (!('failure' in result)) return result;
    if (nothingHangsOn(run, attempted, result)) return unseenEnd(result);
    const told = await waitOut(run, { ...attempted, ...result, since, tries, known, isParked: false });
    if (told) return told;
  }
}

/** How trouble ends a step; null when it is to be tried again. */
async function waitOut(run: RotationRun, position: Position): Promise<Ended | null> {
  const { title, call, kind } = position;
  const told = await settle(run, position);
  if (!told) return null;
  const decision = await recorded(run, told, { title, version: versionOf(call) ?? run.next, kind });
  if (decision.decision === 'skip')
    return { state: 'skipped', detail: `skipped by ${decision.actor}: ${decision.reason}` };
  if (decision.decision !== 'retry') throw new Exit(decision.decision, `${decision.actor}: ${decision.reason}`);
  return null;
}

function once(run: RotationRun, attempted: Attempted): Promise<Ended | Failed> {
  const { phase, mode, input, opened } = run;
  const { title, call, check = false } = attempted;
  const { credential } = input;
  const context = {
    credential,
    fence: opened?.fence ?? null,
    phase,
    title,
    check,
    emergency: mode === 'containing',
  };
  return run.runtime.execute(call, context).then(
    (result) => endedOf(attempted, result),
    (error: unknown) => {
      const failure = stepFailureOf(error);
      return failure.kind === 'unseen' ? { failure, kind: 'in-use' } : { failure };
    },
  );
}

/** A use that does not show yet is waited for before a value is retired, and where somebody asks for it. */
function nothingHangsOn({ mode }: RotationRun, { ask = false }: Attempted, { failure }: Failed): boolean {
  return failure.kind === 'unseen' && !ask && mode !== 'committed';
}

function unseenEnd({ failure: { why } }: Failed): Ended {
  return { state: 'done', outcome: 'not-observable', detail: why };
}

function endedOf({ ask }: Attempted, result: unknown): Ended | Failed {
  if (!isFinding(result)) return { state: 'done' };
  if (result.outcome !== 'failed') return { state: 'done', outcome: result.outcome, detail: result.detail };
  return { failure: { why: result.detail, kind: ask ? 'ask' : 'final' }, kind: result.kind };
}

interface Position extends Attempted, Failed {
  /** When this step was first tried, Unix milliseconds. */
  readonly since: number;
  readonly tries: number;
  /** How many emergencies were known when this step began: a later one may have been taken up before the step ends in failure. */
  readonly known: number;
  /** An earlier run has waited about it, and this one goes on. */
  readonly isParked: boolean;
}

/** What trouble leads to: the next try (null), a person's decision, or leaving. */
async function settle(run: RotationRun, position: Position): Promise<DecisionRequest | null> {
  const { title, failure, since, tries, known, isParked } = position;
  const { kind } = failure;
  const why = `${title}: ${failure.why}`;
  if (!isParked) leaveIfClear(run, { kind, why });
  const forward = run.mode === 'forward' && !run.pastNoReturn;
  const givesUpAt = forward ? since + run.policy.giveUpAfterMs : Number.POSITIVE_INFINITY;
  const person = kind === 'ask' || kind === 'stale';
  const retryAt = person ? Number.POSITIVE_INFINITY : run.runtime.now() + retryPauseMs(tries);
  const operator = kind === 'unseen' ? isOverdue(run, position) : person || !forward;
  const question = { title, why, givesUpAt, retryAt, operator, known, helps: helping(position) };
  const decision = await decisionUntil(run, { ...question, ...parkingOf(run, position) });
  if (!decision && run.runtime.now() >= givesUpAt) throw new Exit('roll-back', `${why}; nobody decided in time`);
  return decision;
}

/** Asked again, a check whose answer is for a person says the same; whether a value is used may show later. */
function helping({ ask = false, failure, kind }: Position): Decision {
  return ask && failure.kind === 'ask' && kind !== 'in-use' ? 'skip' : 'retry';
}

/** A step is not parked twice for the same failure. */
function parkingOf({ scope }: RotationRun, { title, failure, since, tries, kind, isParked }: Position) {
  return {
    about: { scope, title, failure, since, tries, ...(kind && { kind }) },
    parks: isParked ? undefined : 'later',
  } as const;
}

/** Whether a use that does not show has been waited for as long as the provider may take. */
function isOverdue({ policy, runtime }: RotationRun, { ask = false, since }: Position): boolean {
  return ask || runtime.now() >= since + (policy.usage?.lagMs ?? 0);
}

/** Trouble that needs no waiting to know what it leads to. */
function leaveIfClear(run: RotationRun, { kind, why }: StepFailure): void {
  if (kind === 'lost') throw new Exit('lost', why);
  if (run.trying) throw new Exit('put-back', why);
  if (kind === 'stale' && run.staleRounds++ < mostStaleRounds) throw new Exit('stale', why);
  if (kind === 'final' && run.mode === 'forward' && !run.pastNoReturn) throw new Exit('roll-back', why);
}

export interface Question extends Pick<Wait, 'parks' | 'about'> {
  readonly title: string;
  readonly why: string;
  readonly givesUpAt: number;
  readonly retryAt: number;
  /** Whether a person is called for, or the runner merely tries again. */
  readonly operator: boolean;
  readonly helps: Decision;
  /** How many emergencies were known when what it is about began; as many as are known now when left out. */
  readonly known?: number;
}

export async function decisionUntil(run: RotationRun, question: Question): Promise<DecisionRequest | null> {
  const { title, why, givesUpAt, retryAt, operator, helps, known, parks, about } = question;
  const until = Math.min(givesUpAt, retryAt);
  const clock = Number.isFinite(until)
    ? { until, then: givesUpAt <= retryAt ? 'the rotation rolls back' : 'the step is tried again' }
    : {};
  return run.wait(
    { for: operator ? 'operator' : 'retry', why, ...promptAfterFailure(run, title), helps, ...clock },
    { deadline: clock.until, known, parks, about },
  );
}

function isFinding(result: unknown): result is Finding {
  return typeof result === 'object' && result !== null && 'outcome' in result && 'detail' in result;
}
