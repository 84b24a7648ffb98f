import type { CrashTestReport, Tally } from '../crash-test/crash-test.js';
import type { SimulatedVerdict } from './questions.js';

export interface SimulatedTally extends Tally {
  /** Cases that had an effect, in an order of events that no other case had. */
  readonly schedules: number;
}

export interface SimulatedReport extends CrashTestReport, SimulatedTally {
  /** Real time for the whole run. */
  readonly seconds: number;
  readonly byProcedure: Readonly<Record<string, SimulatedTally>>;
}

/**
 * Counts the schedules of verdicts as they come. A case counts when its fault took effect and its order of events is
 * new.
 */
export function createScheduleCount() {
  const begun = Date.now();
  const orders = new Map<string, Set<string>>();
  const countOf = (procedure: string): number => orders.get(procedure)?.size ?? 0;
  return {
    add({ procedure, order, missed }: Pick<SimulatedVerdict, 'procedure' | 'order' | 'missed'>): void {
      if (missed) return;
      const known = orders.get(procedure) ?? new Set();
      orders.set(procedure, known.add(order));
    },
    tell(report: CrashTestReport): SimulatedReport {
      const byProcedure = Object.entries(report.byProcedure).map(
        ([procedure, tally]) => [procedure, { ...tally, schedules: countOf(procedure) }] as const,
      );
      return {
        ...report,
        schedules: byProcedure.reduce((sum, [, { schedules }]) => sum + schedules, 0),
        seconds: (Date.now() - begun) / 1000,
        byProcedure: Object.fromEntries(byProcedure),
      };
    },
  };
}
