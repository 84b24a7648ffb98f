import type { Call } from '../../src/domain/call.js';
import { versionOf } from '../../src/domain/call.js';
import type { EvidenceKind, Finding } from '../../src/domain/evidence.js';
import type { Decision, DecisionRequest, StepProgress, StepFailure } from '../../src/domain/rotation.js';
import { recorded } from './decided.js';
import type { RotationRun } from './run.js';
import { promptAfterFailure } from './operator-prompt.js';
import type { Wait } from './parking.js';
import { Exit, retryPauseMs, stepFailureOf } from './step-failure.js';
import type { Steps } from './steps.js';

/** After so many stale proofs a person is asked. */
const mostStaleRounds = 3;

export interface Attempted {
  readonly title: string;
  readonly call: Call;
  /** It only reads and changes nothing. */
  readonly check?: boolean;
  /** A failure of this check is a question to a person. */
  readonly ask?: boolean;
  /** Gets the result of the call. */
  readonly got?: (result: unknown) => void;
  /** Runs before each further try: what the step relies on may have changed since. */
  readonly again?: () => Promise<void>;
}

/** How a step ended, for the list that people see. */
export type Ended = Pick<StepProgress, 'state' | 'outcome' | 'detail'>;

interface Failed {
  readonly failure: StepFailure;
  readonly kind?: EvidenceKind;
}

/** Runs a step until it succeeds or a person skips it. Throws Exit when the rotation cannot go on this way. */
export async function attempt({ run, scope }: Steps, attempted: Attempted): Promise<Ended> {
  const { parking, runtime, inbox } = run;
  const known = inbox.emergencies.length;
  const parked = parking.failingAt({ scope, title: attempted.title });
  const { since, tries: before } = parked ?? { since: runtime.now(), tries: -1 };
  const ended = parked && (await waitOut(run, { ...attempted, ...parked, known, isParked: true }));
  if (ended) return ended;
  for (let tries = before + 1; ; tries++) {
    parking.goesOn();
    if (tries > 0) await attempted.again?.();
    const result = await once(run, attempted);
    if (!('failure' in result)) return result;
    if (nothingHangsOn(run, attempted, result))
      return { state: 'done', outcome: 'not-observable', detail: result.failure.why };
    const told = await waitOut(run, { ...attempted, ...result, scope, since, tries, known, isParked: false });
    if (told) return told;
  }
}

/** How a failure ends a step; null when the step is retried. */
async function waitOut(run: RotationRun, position: Position): Promise<Ended | null> {
  const { title, call, kind } = position;
  run.failure = position.failure;
  const told = await settle(run, position);
  if (!told) return null;
  const decision = await recorded(run, told, { title, version: versionOf(call) ?? run.next, kind });
  if (decision.decision === 'skip')
    return { state: 'skipped', detail: `skipped by ${decision.actor}: ${decision.reason}` };
  if (decision.decision !== 'retry') throw new Exit(decision.decision, `${decision.actor}: ${decision.reason}`);
  if (position.failure.kind === 'stale') throw new Exit('stale', position.failure.why); // a proof only gets older
  return null;
}

function once(run: RotationRun, attempted: Attempted): Promise<Ended | Failed> {
  const { title, call, check = false } = attempted;
  return run.execute(call, title, { check }).then(
    (result) => endedOf(attempted, result),
    (error: unknown) => {
      const failure = stepFailureOf(error);
      return failure.kind === 'unseen' ? { failure, kind: 'in-use' } : { failure };
    },
  );
}

/** A use that does not show yet matters only before a value is retired, and where a person is asked about it. */
function nothingHangsOn({ mode }: RotationRun, { ask = false }: Attempted, { failure }: Failed): boolean {
  return failure.kind === 'unseen' && !ask && mode !== 'committed';
}

function endedOf({ ask, got }: Attempted, result: unknown): Ended | Failed {
  got?.(result);
  if (typeof result === 'string') return { state: 'done', detail: result };
  if (!isFinding(result)) return { state: 'done' };
  if (result.outcome !== 'failed') return { state: 'done', outcome: result.outcome, detail: result.detail };
  return { failure: { why: result.detail, kind: ask ? 'ask' : 'final' }, kind: result.kind };
}

interface Position extends Attempted, Failed {
  readonly scope: string;
  /** When this step was first tried, Unix milliseconds. */
  readonly since: number;
  readonly tries: number;
  /** How many emergencies were known when this step began: a later one may be dealt with before the step fails. */
  readonly known: number;
  /** An earlier run has waited about it, and this run continues. */
  readonly isParked: boolean;
}

/** What a failure leads to: a retry (null), a person's decision, or an exit. */
async function settle(run: RotationRun, position: Position): Promise<DecisionRequest | null> {
  const { title, failure, since, tries, known, isParked } = position;
  const { kind } = failure;
  const why = `${title}: ${failure.why}`;
  if (!isParked) exitIfClear(run, { kind, why });
  const forward = run.mode === 'forward' && !run.pastNoReturn;
  const givesUpAt = forward ? since + run.policy.giveUpAfterMs : Number.POSITIVE_INFINITY;
  const person = kind === 'ask' || kind === 'stale';
  const retryAt = person ? Number.POSITIVE_INFINITY : run.runtime.now() + retryPauseMs(tries);
  const operator = kind === 'unseen' ? isOverdue(run, position) : person || !forward;
  const question = { title, why, givesUpAt, retryAt, operator, known, helps: helping(position) };
  const decision = await decisionUntil(run, { ...question, ...parkingOf(position) });
  if (!decision && run.runtime.now() >= givesUpAt) throw new Exit('roll-back', `${why}; nobody decided in time`);
  return decision;
}

/** Retrying a check that only a person can answer does not help; a use may show later. */
function helping({ ask = false, failure, kind }: Position): Decision {
  return ask && failure.kind === 'ask' && kind !== 'in-use' ? 'skip' : 'retry';
}

/** A step parks once for one failure. */
function parkingOf({ scope, title, failure, since, tries, kind, isParked }: Position) {
  return {
    about: { scope, title, failure, since, tries, ...(kind && { kind }) },
    parks: isParked ? undefined : 'later',
  } as const;
}

/** Whether a missing use has been waited for as long as the provider may take to show it. */
function isOverdue({ policy, runtime }: RotationRun, { ask = false, since }: Position): boolean {
  return ask || runtime.now() >= since + (policy.usage?.lagMs ?? 0);
}

/** Failures whose consequence is clear without waiting. */
function exitIfClear(run: RotationRun, { kind, why }: StepFailure): void {
  if (kind === 'lost') throw new Exit('lost', why);
  if (run.trying && run.mode !== 'containing') throw new Exit('put-back', why); // a trial that an emergency interrupts is over
  if (kind === 'stale' && run.staleRounds++ < mostStaleRounds) throw new Exit('stale', why);
  if (kind === 'final' && run.mode === 'forward' && !run.pastNoReturn) throw new Exit('roll-back', why);
}

export interface Question extends Pick<Wait, 'parks' | 'about'> {
  readonly title: string;
  readonly why: string;
  readonly givesUpAt: number;
  readonly retryAt: number;
  /** A person is needed; otherwise the runner only retries. */
  readonly operator: boolean;
  readonly helps: Decision;
  /** How many emergencies were known when its step began; as many as now when left out. */
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
