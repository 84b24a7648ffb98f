import type { Defer } from '../lab/with-cleanup.js';
import type { Boundary, CrashCase } from './cases.js';
import type { CaseVerdict } from './run-case.js';

/** Plays cases one after the other, on its own servers and processes. */
export interface Player {
  /** Every activity of a procedure in runs without trouble, flow by flow. */
  boundaries(procedure: string): Promise<Boundary[]>;
  play(crash: CrashCase): Promise<CaseVerdict>;
}

/** `count`: number of players side by side. */
export type StartPlayers = (count: number, onLine: (line: string) => void, defer: Defer) => Promise<Player[]>;
