import type { Progress, StepProgress, Waiting } from '../../domain/rotation.js';
import type { Slow } from '../../operations/session/progress.js';
import type { Paint } from '../terminal/paint.js';
import { momentAndDistance, roughly } from '../terminal/time.js';

/** The sign for the state of a step. */
export function sign({ state, outcome }: StepProgress, { good, bad, attention }: Paint): string {
  if (state === 'failed') return bad('✖');
  if (state === 'skipped') return attention('↷');
  if (state === 'running' || state === 'waiting') return attention('◷');
  return outcome === 'not-observable' ? attention('◌') : good('✔');
}

/** A step with its duration and its outcome. */
export function stepText(step: StepProgress, paint: Paint): string {
  const { title, startedAt, endedAt } = step;
  const took = endedAt === undefined ? '' : paint.dim(roughly(endedAt - startedAt));
  return [title, took, outcomeText(step, paint)].filter(Boolean).join('  ');
}

function outcomeText({ state, outcome, detail }: StepProgress, { bad, attention, dim }: Paint): string {
  if (state === 'failed') return bad(detail ?? 'failed');
  if (state === 'skipped') return attention(detail ?? 'skipped');
  if (outcome === 'not-observable') return attention(`not observable: ${detail ?? 'no reason known'}`);
  if (outcome === 'proved') return dim(`proved: ${detail ?? ''}`);
  return detail === undefined ? '' : dim(detail);
}

/** What a rotation waits for, in one line. */
export function waitingText(
  { credential, waiting }: Pick<Progress, 'credential'> & { readonly waiting: Waiting },
  now: number,
): string {
  const { why, until, then, task } = waiting;
  const at = until === undefined ? null : momentAndDistance(until, now);
  if (waiting.for === 'grace' || waiting.for === 'pause')
    return `${at === null ? why : `the old one is retired at ${at}`}; to end the wait: keyturn end-grace ${credential}`;
  const who = task === undefined ? 'waits' : `waits for a person, keyturn tasks show ${task}`;
  return at === null ? `${who}: ${why}` : `${who}: ${why}; ${then ?? 'it continues'} at ${at}`;
}

/** A slow step: for how long, its attempt, and why the attempt before failed. */
export function slowText({ since, attempt, cause }: Slow, now: number): string {
  const long = roughly(now - since);
  if (cause === null) return `no answer for ${long}, attempt ${attempt}`;
  return `not done after ${long}, attempt ${attempt}; the one before: ${cause}`;
}

/** What has to come back before anything can be seen. */
export function silenceText(silent: 'temporal' | 'worker'): string {
  return silent === 'temporal'
    ? 'The Temporal server does not answer; the rotation continues when it is back.'
    : 'No worker is running; the rotation continues as soon as keyturn up or keyturn worker runs.';
}
