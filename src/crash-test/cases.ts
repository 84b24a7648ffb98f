import type { Phase } from '../domain/rotation.js';
import type { Fault, Stranding } from './fault.js';
import { faults } from './faults.js';
import type { Outgoing, Setback } from './setback.js';

/** Kinds of rotation: planned, planned and rolled back by a person during its grace, or an emergency. */
export const flows = ['planned', 'roll-back', 'emergency'] as const;
export type Flow = (typeof flows)[number];

/** One activity of the rotation, as a run without trouble calls it. */
export interface Boundary {
  readonly flow: Flow;
  readonly index: number;
  /** How many calls of the same activity began before it. */
  readonly occurrence: number;
  readonly activity: string;
  readonly phase: Phase;
  readonly title: string;
  /** Number of the version that it is about; null when it is about none. */
  readonly version: number | null;
  readonly requests: readonly Outgoing[];
  /** What it writes to the store, in order; at the end its entry in the ledger. */
  readonly writes: readonly string[];
  /** What a check found; null for an activity that does something. */
  readonly outcome: string | null;
  /** How often it checks its fence with the store. */
  readonly fences: number;
}

/** A procedure, a boundary and a fault. */
export interface CrashCase {
  /** For instance `planned/06-openai.create/kill-answer-change-0`. */
  readonly id: string;
  readonly procedure: string;
  readonly boundary: Boundary;
  readonly fault: Fault;
  readonly setback: Setback;
  readonly strands: Stranding | null;
}

/**
 * Every fault at every boundary where it can happen. Up to the roll back, the flow `roll-back` equals the planned one,
 * which has its own cases.
 */
export function casesOf(procedure: string, boundaries: readonly Boundary[]): CrashCase[] {
  const back = boundaries.findIndex(({ phase }) => phase === 'roll-back');
  const struck = boundaries.filter(({ flow }, index) => flow !== 'roll-back' || (back >= 0 && index >= back));
  return struck.flatMap((boundary) =>
    faults.flatMap((fault) =>
      fault.points(boundary, boundaries).map((point) => {
        const place = `${boundary.flow}/${String(boundary.index).padStart(2, '0')}-${boundary.activity}`;
        const detail = 'nth' in point ? `-${'of' in point ? `${point.of}-` : ''}${point.nth}` : '';
        const { activity, occurrence } = boundary;
        const setback = { activity, occurrence, point, act: fault.act };
        const strands = fault.strands?.(boundary, boundaries) ?? null;
        return { id: `${place}/${fault.name}${detail}`, procedure, boundary, fault, setback, strands };
      }),
    ),
  );
}
