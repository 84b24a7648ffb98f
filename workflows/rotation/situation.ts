import type { Decision, Waiting } from '../../src/domain/rotation.js';
import { effectsOf } from './choices.js';
import type { RotationRun } from './run.js';

/** What documents run on right now, for whoever has to decide. */
export function impactOf(run: RotationRun): string {
  const { current, next, footing, pastNoReturn, phase } = run;
  if (footing === 'committed')
    return `none: documents use version ${next.number}${current && !pastNoReturn && !isDisabled(run) ? `, and version ${current.number} still works` : ''}`;
  if (footing === 'containing') return 'documents fail until a new version is in force';
  if (!current) return `the engine keeps its earlier value or uses version ${next.number}`;
  if (phase === 'confirm' || phase === 'open') return `none: documents use version ${current.number}`;
  if (run.definition.descriptor.overlap === 'single') return ofSingle(run, current.number);
  return `none: documents use version ${current.number} or ${next.number}, and both work`;
}

/** Where the provider has one value at a time. */
function ofSingle({ pastNoReturn, next }: RotationRun, current: number): string {
  return pastNoReturn
    ? `documents fail until the engine has version ${next.number}`
    : `none: documents use version ${current}`;
}

/** What is live where, as far as the runner's own steps tell. */
export function liveOf(run: RotationRun): string[] {
  const { current, opened, footing, undo } = run;
  if (!opened) return [];
  const inForce = footing === 'committed';
  const old = current && `version ${current.number}: ${ofCurrent(run)}`;
  const begun = undo.map(({ title }) => `"${title}"`).join(', ');
  const made = begun === '' ? 'nothing of it can be taken back' : `begun, and can be taken back: ${begun}`;
  return [...(old ? [old] : []), `version ${opened.next.number}: ${inForce ? 'in force' : made}`];
}

function ofCurrent(run: RotationRun): string {
  const { footing, pastNoReturn } = run;
  if (footing === 'containing') return 'leaked; it is being revoked';
  if (footing !== 'committed')
    return pastNoReturn ? 'replaced, or about to be: refused from then on' : 'in force in the store';
  if (!pastNoReturn && isDisabled(run)) return 'replaced, and disabled or about to be; it can be enabled again';
  return pastNoReturn ? 'being retired, perhaps refused already' : 'replaced, and still usable';
}

/** Something was begun that stops the earlier value from working, and that can be taken back. */
function isDisabled({ undo }: RotationRun): boolean {
  return undo.some(({ revives }) => revives);
}

/** The ways out of a wait in which nothing has failed. */
export function exitsOf(run: RotationRun, title: string): Pick<Waiting, 'impact' | 'live' | 'choices' | 'effects'> {
  const { footing, pastNoReturn } = run;
  const stuck = pastNoReturn || footing === 'containing' || footing === 'undoing';
  const choices: Decision[] = stuck ? ['abandon'] : ['roll-back', 'abandon'];
  return { impact: impactOf(run), live: liveOf(run), choices, effects: effectsOf(run.standing(), choices, title) };
}
