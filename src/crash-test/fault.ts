import type { Decision, RotationOutcome, Waiting } from '../domain/rotation.js';
import type { Boundary } from './cases.js';
import type { Point, Setback } from './setback.js';
import type { Sandbox } from './sandbox.js';

/** `until the next proof`: uses of the engine may fail. `for good`: and nothing in the rotation would notice. */
export type Stranding = 'until the next proof' | 'for good';

/** One kind of trouble: where it can happen, what happens, and what may come of it. */
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
  /** What the person answers; called with how often they were asked before. */
  decide?(waiting: Waiting, asked: number, sandbox: Sandbox): Decision;
  /** A person changed what the engine holds: at the end it holds a working value, and that is all that is known. */
  readonly edited?: boolean;
  /** How long a planned rotation waits in its grace, in milliseconds; hardly at all when left out. */
  readonly graceMs?: number;
  /** What the engine may lose for a while, or until somebody verifies it again, by nobody's fault. */
  strands?(boundary: Boundary, all: readonly Boundary[]): Stranding | null;
}
