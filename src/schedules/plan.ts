import type { Cron } from 'croner';
import { dueOnGrid, noticeMs } from '../domain/cadence.js';
import { nextSlot } from './cron.js';
import { beginningIn, type Window } from './window.js';

/** How often a credential is rotated. */
export type Cadence =
  | { readonly kind: 'every'; readonly everyMs: number; readonly staggerMs: number }
  | { readonly kind: 'cron'; readonly cron: Cron; readonly text: string };

/** What the configuration says of when a credential is rotated without anybody asking. */
export interface SchedulePlan {
  readonly credential: string;
  readonly cadence: Cadence;
  /** The cadence in words; a schedule that was made by other words is no longer the configured one. */
  readonly basis: string;
  readonly window: Window | null;
  /** Where in a window it begins that was not open when it fell due: 0 at the start, up to 1 at the end. */
  readonly share: number;
  readonly jitterMs: number;
}

/** The first moment after `after` at which it falls due, counted from `anchor`; windows come on top (`beginsAt`). Unix ms. */
export function dueAfter({ cadence }: Pick<SchedulePlan, 'cadence'>, anchor: number, after: number): number {
  if (cadence.kind === 'every') return dueOnGrid({ anchor, ...cadence }, after);
  const { cron } = cadence;
  const earliest = Math.max(after, anchor + noticeMs(gapMs(cron, anchor)) - 1);
  return slotAfter(cron, earliest);
}

/** The distance between one run and the next, about. */
export function intervalMs({ cadence }: Pick<SchedulePlan, 'cadence'>, at: number): number {
  return cadence.kind === 'every' ? cadence.everyMs : gapMs(cadence.cron, at);
}

/** When something due may begin by its window. */
export function beginsAt({ window, share }: Pick<SchedulePlan, 'window' | 'share'>, dueAt: number): number {
  return beginningIn(window, dueAt, share);
}

function gapMs(cron: Cron, at: number): number {
  const first = slotAfter(cron, at);
  return slotAfter(cron, first) - first;
}

/** An expression that names no day does not pass the configuration. */
function slotAfter(cron: Cron, after: number): number {
  const slot = nextSlot(cron, after);
  if (slot === null) throw new RangeError('the cron expression names no day');
  return slot;
}
