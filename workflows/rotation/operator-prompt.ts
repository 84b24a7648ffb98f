import type { Decision, Waiting } from '../../src/domain/rotation.js';
import type { RotationRun } from './run.js';

/** What a person sees who has to answer: the impact on documents, which values are live, and what each choice does. */
export type OperatorPrompt = Pick<Waiting, 'impact' | 'live' | 'choices' | 'effects'>;

/** A step has failed. Past the point of no return nothing can be rolled back. */
export function promptAfterFailure(run: RotationRun, title: string): OperatorPrompt {
  return promptOf(run, title, ['retry', ...(canRollBack(run) ? (['roll-back'] as const) : []), 'skip', 'abandon']);
}

/** Nothing has failed: the rotation only waits. */
export function promptWhileWaiting(run: RotationRun, title: string): OperatorPrompt {
  return promptOf(run, title, canRollBack(run) ? ['roll-back', 'abandon'] : ['abandon']);
}

function canRollBack({ mode, pastNoReturn }: RotationRun): boolean {
  return !pastNoReturn && mode !== 'undoing' && mode !== 'containing';
}

function promptOf(run: RotationRun, title: string, choices: readonly Decision[]): OperatorPrompt {
  const effects = Object.fromEntries(choices.map((choice) => [choice, effectOf[choice](run, title)]));
  return { impact: impactOf(run), live: liveOf(run), choices, effects };
}

/** What each answer does about the step `title`. */
const effectOf: Readonly<Record<Decision, (run: RotationRun, title: string) => string>> = {
  retry: (_, title) => `tries "${title}" again now`,
  'roll-back': rollingBack,
  skip: skipping,
  abandon: () => 'stops here for good: nothing is taken back, nothing more is retired, and orphans are listed',
};

function rollingBack({ mode, current, next, undo, mayBeReplaced }: RotationRun): string {
  const inForce = mode === 'committed' ? [`puts version ${current?.number ?? 'none'} in force again`] : [];
  const undone = undo
    .toReversed()
    .map(({ title, follows }) => (follows ? `does "${title}" again` : `takes "${title}" back`));
  const seen = mayBeReplaced ? ', which is first seen to work' : '';
  const kept =
    current === null ? 'the engine keeps its earlier value' : `documents use version ${current.number}${seen}`;
  return `${[...inForce, ...undone, `discards version ${next.number}`].join(', ')}; then ${kept}`;
}

function skipping({ mode }: RotationRun, title: string): string {
  if (mode === 'undoing') return `leaves "${title}" undone: what it made stays, and is listed as an orphan`;
  if (mode === 'containing') return `goes on without "${title}": nothing then shows that the leaked value is refused`;
  return `goes on without "${title}", on your word in the ledger; a deletion still asks for its own proof`;
}

/** Which value documents use right now, for the person who decides. */
function impactOf(run: RotationRun): string {
  const { current, next, mode, pastNoReturn, phase } = run;
  if (mode === 'committed')
    return `none: documents use version ${next.number}${current && !pastNoReturn && !isDisabled(run) ? `, and version ${current.number} still works` : ''}`;
  if (mode === 'containing') return 'documents fail until a new version is in force';
  if (!current) return `the engine keeps its earlier value or uses version ${next.number}`;
  if (phase === 'confirm' || phase === 'open') return `none: documents use version ${current.number}`;
  if (run.overlap === 'single') return ofSingle(run, current.number);
  return `none: documents use version ${current.number} or ${next.number}, and both work`;
}

function ofSingle({ pastNoReturn, mayBeReplaced, next }: RotationRun, current: number): string {
  if (pastNoReturn) return `documents fail until the engine has version ${next.number}`;
  if (mayBeReplaced) return `documents use version ${current}, and fail if a person has replaced it already`;
  return `none: documents use version ${current}`;
}

/** Which values are live, as far as the runner's own steps tell. */
function liveOf(run: RotationRun): string[] {
  const { current, opened, mode, undo } = run;
  if (!opened) return [];
  const inForce = mode === 'committed';
  const old = current && `version ${current.number}: ${ofCurrent(run)}`;
  const begun = undo.flatMap(({ title, follows }) => (follows ? [] : [`"${title}"`])).join(', ');
  const made = begun === '' ? 'nothing of it can be taken back' : `begun, and can be taken back: ${begun}`;
  return [...(old ? [old] : []), `version ${opened.next.number}: ${inForce ? 'in force' : made}`];
}

function ofCurrent(run: RotationRun): string {
  const { mode, pastNoReturn } = run;
  if (mode === 'containing') return 'leaked; it is being revoked';
  if (mode !== 'committed')
    return pastNoReturn ? 'replaced, or about to be: refused from then on' : 'in force in the store';
  if (!pastNoReturn && isDisabled(run)) return 'replaced, and disabled or about to be; it can be enabled again';
  return pastNoReturn ? 'being retired, perhaps refused already' : 'replaced, and still usable';
}

/** A step that disables the earlier value has begun, and it can be undone. */
function isDisabled({ undo }: RotationRun): boolean {
  return undo.some(({ revives }) => revives);
}
