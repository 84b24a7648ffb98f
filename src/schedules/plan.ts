import type { Cron } from 'croner';
import { dueOnGrid, noticeMs } from '../domain/cadence.js';
import { nextSlot } from './cron.js';
import { beginningIn, type Window } from './window.js';

/** How often a credential is rotated. */
export type Cadence =
  | { readonly kind: 'every'; readonly everyMs: number; readonly staggerMs: number }
  | { readonly kind: 'cron'; readonly cron: Cron; readonly text: string };

/** The configured schedule of a credential. */
export interface SchedulePlan {
  readonly credential: string;
  readonly cadence: Cadence;
  /** The cadence as text. A Temporal Schedule with another text does not match the configuration. */
  readonly basis: string;
  readonly window: Window | null;
  /** Where in the next window a rotation begins that fell due outside of one: 0 at its start, up to 1 at its end. */
  readonly share: number;
  readonly jitterMs: number;
}

/** The first due time after `after`, counted from `anchor`. Windows are applied by `beginsAt`. Unix ms. */
export function dueAfter({ cadence }: Pick<SchedulePlan, 'cadence'>, anchor: number, after: number): number {
  if (cadence.kind === 'every') return dueOnGrid({ anchor, ...cadence }, after);
  const { cron } = cadence;
  const earliest = Math.max(after, anchor + noticeMs(gapMs(cron, anchor)) - 1);
  return slotAfter(cron, earliest);
}

/** The approximate time between one run and the next. */
export function intervalMs({ cadence }: Pick<SchedulePlan, 'cadence'>, at: number): number {
  return cadence.kind === 'every' ? cadence.everyMs : gapMs(cadence.cron, at);
}

/** When the window allows a due rotation to begin. */
export function beginsAt({ window, share }: Pick<SchedulePlan, 'window' | 'share'>, dueAt: number): number {
  return beginningIn(window, dueAt, share);
}

function gapMs(cron: Cron, at: number): number {
  const first = slotAfter(cron, at);
  return slotAfter(cron, first) - first;
}

/** The configuration refuses an expression that matches no date, so there is always a slot. */
function slotAfter(cron: Cron, after: number): number {
  const slot = nextSlot(cron, after);
  if (slot === null) throw new RangeError('the cron expression matches no date');
  return slot;
}
