import type { Decision } from '../../src/domain/rotation.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Footing } from './trouble.js';

/** Where a rotation stands when a person is asked. */
export interface Standing {
  readonly footing: Footing;
  readonly pastNoReturn: boolean;
  readonly current: VersionRef | null;
  readonly next: VersionRef;
  /** Titles of what is begun and can be taken back, oldest first. */
  readonly begun: readonly string[];
}

/** What a person may answer to trouble. Past the point of no return nothing can be taken back. */
export function choicesOn({ footing, pastNoReturn }: Pick<Standing, 'footing' | 'pastNoReturn'>): Decision[] {
  if (footing === 'undoing' || footing === 'containing' || pastNoReturn) return ['retry', 'skip', 'abandon'];
  return ['retry', 'roll-back', 'skip', 'abandon'];
}

/** What each of these answers would do about the step `title`. */
export function effectsOf(
  standing: Standing,
  choices: readonly Decision[],
  title: string,
): Readonly<Partial<Record<Decision, string>>> {
  const effects: Readonly<Record<Decision, () => string>> = {
    retry: () => `tries "${title}" again now`,
    'roll-back': () => rollingBack(standing),
    skip: () => skipping(standing.footing, title),
    abandon: () =>
      'stops here for good: nothing is taken back, nothing more is retired, and what is left over is listed',
  };
  return Object.fromEntries(choices.map((choice) => [choice, effects[choice]()]));
}

function rollingBack({ footing, current, next, begun }: Standing): string {
  const inForce = footing === 'committed' ? [`puts version ${current?.number ?? 'none'} in force again`] : [];
  const undone = begun.toReversed().map((title) => `takes "${title}" back`);
  const kept = current === null ? 'the engine keeps its earlier value' : `documents use version ${current.number}`;
  return `${[...inForce, ...undone, `discards version ${next.number}`].join(', ')}; then ${kept}`;
}

function skipping(footing: Footing, title: string): string {
  if (footing === 'undoing') return `leaves "${title}" undone: what it made stays, and is listed as left over`;
  if (footing === 'containing')
    return `goes on without "${title}": nothing then shows that the leaked value is refused`;
  return `goes on without "${title}", on your word in the ledger; a deletion still asks for its own proof`;
}
