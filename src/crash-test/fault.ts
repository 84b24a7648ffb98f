import type { Decision, RotationOutcome, Waiting } from '../domain/rotation.js';
import type { Boundary } from './cases.js';
import type { Point, Setback } from './setback.js';
import type { Sandbox } from './sandbox.js';

/**
 * `until the next proof`: uses of the engine may fail. `for good`: they may fail, and nothing in the rotation would
 * notice.
 */
export type Stranding = 'until the next proof' | 'for good';

/** One kind of trouble: where it can happen, what happens, and what may result from it. */
export interface Fault {
  readonly name: string;
  readonly act: Setback['act'];
  points(boundary: Boundary, all: readonly Boundary[]): readonly Point[];
  /** What happens outside the worker. Called as soon as the rotation runs. */
  play(sandbox: Sandbox): Promise<void>;
  /** Ends that are right besides the one of a run without trouble. */
  readonly ends?: readonly RotationOutcome[];
  /** A reason to wait for a person that is true in this case. */
  readonly waits?: RegExp;
  /** The person's answer. `asked`: how often the person was asked before. */
  decide?(waiting: Waiting, asked: number, sandbox: Sandbox): Decision;
  /** A person changed what the engine holds. At the end it holds a working value; nothing else is known. */
  readonly edited?: boolean;
  /** Grace of a planned rotation. Default: hardly any. */
  readonly graceMs?: number;
  /** How the engine may fail through nobody's fault: for a while, or until somebody verifies it again. */
  strands?(boundary: Boundary, all: readonly Boundary[]): Stranding | null;
}
