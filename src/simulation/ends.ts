import type { RotationOutcome, RotationReport } from '../domain/rotation.js';
import type { RotationRow } from '../store/records.js';
import type { Execution } from './execution.js';

const endsOfEmergencies: readonly RotationOutcome[] = ['replaced', 'contained', 'abandoned'];

/** What happened besides the rotations themselves. */
export interface Circumstances {
  readonly rows: readonly RotationRow[];
  /** A person was asked once too often. */
  readonly gaveUp: boolean;
  readonly emergency: boolean;
}

/** What the rotations of one credential came to, one after the other or one instead of the other. */
export class Ends {
  readonly problems = new Set<string>();
  readonly #reports: RotationReport[] = [];
  /** Ends that nobody could be asked about: what is done without Temporal gives up. */
  #alone = false;

  /** Told of every workflow that has ended. */
  readonly hear = ({ type, workflowId, status, result }: Execution): void => {
    void result.promise.then(
      (value) => void (type !== 'scheduledRotation' && this.#reports.push(value as RotationReport)),
      (why: unknown) => void this.problems.add(`the workflow ${workflowId} is ${status}: ${String(why)}`),
    );
  };

  /** The end of one that ran without Temporal. */
  add(report: RotationReport): void {
    this.#reports.push(report);
    this.#alone ||= report.outcome === 'abandoned';
  }

  /** How it all ended: what somebody gave up decides, and then whoever came last. Null when none ended as a rotation does. */
  last({ rows: [newest] }: Pick<Circumstances, 'rows'>): RotationReport | null {
    const all = this.#reports;
    return (
      all.findLast(({ outcome }) => outcome === 'abandoned') ??
      all.findLast(({ version, outcome }) => version === newest?.version && outcome !== 'failed') ??
      all.at(-1) ??
      null
    );
  }

  wrong({ rows, gaveUp, emergency }: Circumstances): string[] {
    const outcomes = this.#reports.map(({ outcome }) => outcome);
    const failed = this.#reports.filter((report) => report.outcome === 'failed' && !isOvertaken(report, rows));
    const abandoned = this.#reports.filter(({ outcome }) => outcome === 'abandoned');
    return [
      ...failed.map(({ why }) => `it failed: ${why ?? 'without a reason'}`),
      ...(gaveUp || this.#alone
        ? []
        : abandoned.map(({ why }) => `it gave up, and nobody told it to: ${why ?? 'without a reason'}`)),
      ...(emergency && !outcomes.some((outcome) => endsOfEmergencies.includes(outcome))
        ? [`there was an emergency, and it ended as ${outcomes.join(', ')}`]
        : []),
    ];
  }
}

/** An emergency's rotation took the credential over, as it may, and its unfinished version with it. `rows` are sorted, newest first. */
function isOvertaken({ version }: RotationReport, rows: readonly RotationRow[]): boolean {
  const own = rows.findLast((row) => row.version === version);
  return rows.some(({ seized, fence }) => seized && fence > (own?.fence ?? 0));
}
