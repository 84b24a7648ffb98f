import type { RotationOutcome, RotationReport } from '../domain/rotation.js';
import type { RotationRow } from '../store/records.js';
import type { Execution } from './execution.js';

const endsOfEmergencies: readonly RotationOutcome[] = ['replaced', 'contained', 'abandoned'];

/** What happened besides the rotations themselves. */
export interface Circumstances {
  /** Newest first. */
  readonly rows: readonly RotationRow[];
  /** Next version numbers of rotations that a person gave up; 0 for one that had not opened yet. */
  readonly gaveUp: ReadonlySet<number>;
  readonly emergency: boolean;
}

interface End extends RotationReport {
  /** It ran without Temporal, where nobody can be asked: instead of asking, it gives up. */
  readonly alone: boolean;
}

/** How the rotations of one credential ended, one after the other or one in place of another. */
export class Ends {
  readonly problems = new Set<string>();
  readonly #all: End[] = [];

  /** Called for every workflow that has ended. */
  readonly hear = ({ type, workflowId, status, result }: Execution): void => {
    void result.promise.then(
      (value) => void (type !== 'scheduledRotation' && this.#all.push({ ...(value as RotationReport), alone: false })),
      (why: unknown) => void this.problems.add(`the workflow ${workflowId} is ${status}: ${String(why)}`),
    );
  };

  /** Adds the end of a rotation that ran without Temporal. */
  add(report: RotationReport): void {
    this.#all.push({ ...report, alone: true });
  }

  /** How the newest rotation ended. Null when it did not end, or when none was opened and none ended. */
  last({ rows: [newest] }: Pick<Circumstances, 'rows'>): RotationReport | null {
    if (!newest) return this.#all.at(-1) ?? null;
    // includes one that made way for it and handed over its version
    const own = this.#all.filter(({ version }) => version === newest.version);
    return own.findLast(({ outcome }) => outcome !== 'failed') ?? own.at(-1) ?? null;
  }

  wrong(circumstances: Circumstances): string[] {
    const { rows, gaveUp, emergency } = circumstances;
    const failed = this.#all.filter((end) => end.outcome === 'failed' && !isOvertaken(end, rows));
    const unasked = this.#all.filter(
      ({ outcome, version, alone }) => outcome === 'abandoned' && !alone && !gaveUp.has(version),
    );
    const seized = rows.filter((row) => row.seized).map(({ version }) => version);
    const ofEmergencies = this.#all.filter(({ version, alone }) => alone || seized.includes(version));
    return [
      ...failed.map(({ why }) => `it failed: ${why ?? 'without a reason'}`),
      ...unasked.map(({ why }) => `it gave up, and nobody told it to: ${why ?? 'without a reason'}`),
      ...(emergency && !ofEmergencies.some(({ outcome }) => endsOfEmergencies.includes(outcome))
        ? [`there was an emergency, and it ended as ${this.#all.map(({ outcome }) => outcome).join(', ')}`]
        : []),
      ...(rows.length > 0 && this.last(circumstances) === null ? ['the newest rotation did not say how it ended'] : []),
    ];
  }
}

/**
 * Whether an emergency's rotation took over the credential and its unfinished version, as it may. `rows`: newest first.
 */
function isOvertaken({ version }: RotationReport, rows: readonly RotationRow[]): boolean {
  const own = rows.findLast((row) => row.version === version);
  return rows.some(({ seized, fence }) => seized && fence > (own?.fence ?? 0));
}
